// SPDX-License-Identifier: GPL-2.0-only

//! The end of a code path that must not go on: include/linux/bug.h.

shims! {
    /// Calls `BUG()`. It does not return, but it is declared as if it did: what calls it stops by itself.
    ///
    /// # Safety
    ///
    /// None beyond that the calling thread, and what it has locked, is lost.
    pub fn kx_bug();
}
