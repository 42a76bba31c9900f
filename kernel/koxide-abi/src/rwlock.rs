// SPDX-License-Identifier: GPL-2.0-only

//! Spinlocks of readers and writers: include/linux/rwlock.h.

use core::ffi::{c_int, c_void};

use crate::lockdep::LockClass;

#[cfg(not(target_os = "none"))]
use crate::host::rwlock as twin;

rooms! {
    /// Bytes reserved for a `rwlock_t`, PREEMPT_RT's included; `shims/rwlock.c` checks that the target's fits.
    pub const RWLOCK_ROOM: usize = 48;
}

/// Room for a `rwlock_t`.
#[repr(C, align(8))]
pub struct RwLock(pub [u8; RWLOCK_ROOM]);

shims! {
    /// Makes one that nobody holds.
    ///
    /// # Safety
    ///
    /// `lock` points at room of the size and alignment of [`RwLock`] that nothing else uses and that does not move from
    /// now on; `class` is as [`LockClass::new`] says.
    #[host(twin::init)]
    pub fn kx_rwlock_init(lock: *mut c_void, class: LockClass);

    /// Locks for reading; spins while somebody writes.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_rwlock_init`].
    #[host(twin::read)]
    pub fn kx_read_lock(lock: *mut c_void);

    /// Locks for reading when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_rwlock_init`].
    #[host(twin::try_read)]
    pub fn kx_read_trylock(lock: *mut c_void) -> c_int;

    /// Ends reading.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock` for reading.
    #[host(twin::read_unlock)]
    pub fn kx_read_unlock(lock: *mut c_void);

    /// Locks for writing; spins while somebody reads or writes.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_rwlock_init`].
    #[host(twin::write)]
    pub fn kx_write_lock(lock: *mut c_void);

    /// Locks for writing when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_rwlock_init`].
    #[host(twin::try_write)]
    pub fn kx_write_trylock(lock: *mut c_void) -> c_int;

    /// Ends writing.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock` for writing.
    #[host(twin::write_unlock)]
    pub fn kx_write_unlock(lock: *mut c_void);
}
