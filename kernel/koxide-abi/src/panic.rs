// SPDX-License-Identifier: GPL-2.0-only

//! The end of a code path that must not go on: include/linux/bug.h.

shims! {
    /// Writes where and why the module panicked to the log, and calls `BUG()`; any context.
    ///
    /// It does not return, but it is declared as if it did: what calls it stops by itself.
    ///
    /// # Safety
    ///
    /// `file` and `text` are readable for their lengths. The calling thread, and what it has locked, is lost.
    pub fn kx_panic(file: *const u8, file_len: usize, line: u32, text: *const u8, len: usize);

    /// Writes where and why the module panicked to the log, and that it was contained; any context.
    ///
    /// # Safety
    ///
    /// `file` and `text` are readable for their lengths.
    pub fn kx_panic_contained(file: *const u8, file_len: usize, line: u32, text: *const u8, len: usize);
}
