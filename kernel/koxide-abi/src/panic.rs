// SPDX-License-Identifier: GPL-2.0-only

//! The end of a code path that must not go on: include/linux/bug.h.

use core::ffi::c_char;

use crate::types::file;

shims! {
    /// Writes where and why the module panicked to the log, and calls `BUG()`; any context.
    ///
    /// It does not return, but it is declared as if it did: what calls it stops by itself.
    ///
    /// # Safety
    ///
    /// `file` and `text` are readable for their lengths. The calling thread, and what it has locked, is lost.
    pub fn kx_panic(file: *const u8, file_len: usize, line: u32, text: *const u8, len: usize);

    /// Writes the functions to the log that calls return to: of a panic that is about to be contained; any context. Not when there is
    /// little stack left, nor often.
    ///
    /// # Safety
    ///
    /// There are `len` addresses.
    pub fn kx_panic_trace(calls: *const usize, len: usize);

    /// Writes to the log where and why the module panicked before it panicked again; any context.
    ///
    /// # Safety
    ///
    /// `text` is readable for its length; the other is a C string.
    pub fn kx_panic_was_first(file: *const c_char, line: u32, text: *const u8, len: usize);

    /// Writes to the log where and why the module panicked, and what came of it: which function the kernel had called, what that
    /// answered, and what is poisoned; any context.
    ///
    /// # Safety
    ///
    /// `text` is readable for its length; the others are C strings.
    pub fn kx_panic_contained(
        file: *const c_char,
        line: u32,
        text: *const u8,
        len: usize,
        callback: *const c_char,
        answer: *const c_char,
        poisoned: *const c_char,
    );

    /// The number of the device that a file is of, or 0; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    pub fn kx_file_rdev(file: *mut file) -> u32;
}
