// SPDX-License-Identifier: GPL-2.0-only

//! What each module needs once.

shims! {
    /// Does nothing: its name carries the ABI's version, so that object and shims of two versions cannot be linked.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_abi_1();
}
