// SPDX-License-Identifier: GPL-2.0-only

//! What each module needs once: include/linux/module.h.

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
}
