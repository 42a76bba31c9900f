// SPDX-License-Identifier: GPL-2.0-only

//! What each module needs once: include/linux/module.h.

#[cfg(not(target_os = "none"))]
use crate::host::module as twin;

shims! {
    /// Does nothing: its name carries the ABI's version, so that object and shims of two versions cannot be linked.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::abi)]
    pub fn kx_abi_1();

    /// Waits until nothing keeps the module loaded but its init function. May sleep.
    ///
    /// # Safety
    ///
    /// Called by the module's init function only, which keeps one reference.
    #[host(twin::wait_unused)]
    pub fn kx_module_wait_unused();
}
