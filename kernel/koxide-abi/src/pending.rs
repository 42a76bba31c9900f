// SPDX-License-Identifier: GPL-2.0-only

//! What a module waits for before it goes: include/linux/rcupdate.h.

use core::ffi::c_ulong;

#[cfg(not(target_os = "none"))]
use crate::host::pending as twin;

shims! {
    /// Locks the module's list of what the kernel may call it through; any context but that of an NMI. Interrupts are
    /// off until it is unlocked.
    ///
    /// # Safety
    ///
    /// This CPU has not locked it.
    #[host(twin::lock)]
    pub fn kx_pending_lock() -> c_ulong;

    /// Unlocks the list.
    ///
    /// # Safety
    ///
    /// This CPU has locked it, and `flags` is what [`kx_pending_lock`] gave.
    #[host(twin::unlock)]
    pub fn kx_pending_unlock(flags: c_ulong);

    /// Waits a moment, before looking again whether a callback has ended. Sleeps.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::pause)]
    pub fn kx_pending_pause();

    /// Waits until every callback that was under way when this was called is out of the module's code, down to its
    /// last instruction. Sleeps.
    ///
    /// # Safety
    ///
    /// None. Process context, and not within a callback.
    #[host(twin::synchronize)]
    pub fn kx_pending_synchronize();
}
