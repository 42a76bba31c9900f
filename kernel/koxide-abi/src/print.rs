// SPDX-License-Identifier: GPL-2.0-only

//! The kernel log: include/linux/printk.h.

use core::ffi::{c_char, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::print as twin;

shims! {
    /// Writes `len` bytes at `text` to the log; any context.
    ///
    /// `level` is 0 (emergency) to 7 (debug), or 8 to continue the line before. With a `prefix` the line starts
    /// with it, a colon and a space.
    ///
    /// # Safety
    ///
    /// `prefix` is null or a NUL-terminated string; `text` is readable for `len` bytes.
    #[host(twin::print)]
    pub fn kx_print(level: u32, prefix: *const c_char, text: *const u8, len: usize);

    /// Writes an address as text without telling where it is: `0x` and digits, or a word in parentheses; any context.
    ///
    /// # Safety
    ///
    /// `room` is writable for `size` bytes, which are at least 1. It then holds a NUL-terminated string.
    #[host(twin::pointer_text)]
    pub fn kx_pointer_text(room: *mut c_char, size: usize, pointer: *const c_void);
}
