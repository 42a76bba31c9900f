// SPDX-License-Identifier: GPL-2.0-only

//! Read-copy-update whose readers may sleep: include/linux/srcu.h.

use core::ffi::c_int;

#[cfg(not(target_os = "none"))]
use crate::host::srcu as twin;
use crate::lockdep::LockClass;
use crate::types::srcu_struct;

shims! {
    /// Makes a domain of readers; null when there is no memory. May sleep.
    ///
    /// # Safety
    ///
    /// `class` is as [`LockClass::new`] says. Process context.
    #[host(twin::alloc)]
    pub fn kx_srcu_alloc(class: LockClass) -> *mut srcu_struct;

    /// Frees a domain. May sleep.
    ///
    /// # Safety
    ///
    /// `srcu` came from [`kx_srcu_alloc`], no section is under way, and none begins. Process context.
    #[host(twin::free)]
    pub fn kx_srcu_free(srcu: *mut srcu_struct);

    /// Begins a read-side critical section; says by what number it is ended.
    ///
    /// # Safety
    ///
    /// `srcu` came from [`kx_srcu_alloc`]. [`kx_srcu_read_unlock`] follows on the same thread.
    #[host(twin::read_lock)]
    pub fn kx_srcu_read_lock(srcu: *mut srcu_struct) -> c_int;

    /// Ends a read-side critical section.
    ///
    /// # Safety
    ///
    /// `index` came from [`kx_srcu_read_lock`] of `srcu` on this thread, and ends one section.
    #[host(twin::read_unlock)]
    pub fn kx_srcu_read_unlock(srcu: *mut srcu_struct, index: c_int);

    /// Waits until all sections of the domain that are under way have ended. Sleeps.
    ///
    /// # Safety
    ///
    /// `srcu` came from [`kx_srcu_alloc`]. Process context, outside of its sections.
    #[host(twin::synchronize)]
    pub fn kx_synchronize_srcu(srcu: *mut srcu_struct);

    /// As [`kx_synchronize_srcu`], in less time and at a higher cost for the machine. Sleeps.
    ///
    /// # Safety
    ///
    /// As for [`kx_synchronize_srcu`].
    #[host(twin::synchronize)]
    pub fn kx_synchronize_srcu_expedited(srcu: *mut srcu_struct);
}
