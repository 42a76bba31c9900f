// SPDX-License-Identifier: GPL-2.0-only

//! What each module needs once: include/linux/module.h.

shims! {
    /// Does nothing: its name carries the ABI's version, so that object and shims of two versions cannot be linked.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_abi_1();

    /// Waits until nothing keeps the module loaded but its init function. May sleep.
    ///
    /// # Safety
    ///
    /// Called by the module's init function only, which keeps one reference.
    pub fn kx_module_wait_unused();
}
