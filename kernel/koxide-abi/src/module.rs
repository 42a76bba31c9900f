// SPDX-License-Identifier: GPL-2.0-only

//! What each module needs once: include/linux/module.h.

use core::ffi::c_int;

#[cfg(not(target_os = "none"))]
use crate::host::module as twin;

shims! {
    /// Frees what shims retired: memory that others may still look at as long as any of the module's code runs.
    ///
    /// # Safety
    ///
    /// The last thing that the module's exit does, or its init that failed.
    #[host(twin::free_retired)]
    pub fn kx_module_free_retired();

    /// Waits until nothing keeps the module loaded but its init function. May sleep.
    ///
    /// # Safety
    ///
    /// Called by the module's init function only, which keeps one reference.
    #[host(twin::wait_unused)]
    pub fn kx_module_wait_unused();

    /// 1 while the module's init has not returned, else 0.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::loading)]
    pub fn kx_module_loading() -> c_int;

    /// Says in the log that a registration was leaked, and ends the thread: the module stays.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::leaked)]
    pub fn kx_module_leaked();
}
