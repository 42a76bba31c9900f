// SPDX-License-Identifier: GPL-2.0-only

//! The kernel log of the thread's machine.

use core::ffi::{CStr, c_char, c_int, c_void};

use super::machine::{current, lock};

/// Takes the lines that were written: level and text.
pub fn take() -> Vec<(u32, String)> {
    core::mem::take(&mut lock(&current().log))
}

/// Writes a line.
pub(super) fn write(level: u32, prefix: &str, text: &[u8]) {
    let line = format!("{prefix}{}", String::from_utf8_lossy(text));
    lock(&current().log).push((level, line));
}

/// Twin of `kx_printk`.
///
/// # Safety
///
/// As for `kx_printk`.
pub(crate) unsafe fn printk(format: *const c_char, values: &[crate::Value]) -> c_int {
    // SAFETY: the format begins with a level.
    let (level, format) = unsafe { super::printf::level(format) };
    // SAFETY: it is a format string for these values.
    let text = unsafe { super::printf::text(format, values) };
    write(level, "", &text);
    text.len() as c_int
}

/// Twin of `kx_print`.
///
/// # Safety
///
/// As for `kx_print`.
pub(crate) unsafe fn print(level: u32, prefix: *const c_char, text: *const u8, len: usize) {
    // SAFETY: the text is readable for so many bytes.
    let text = unsafe { core::slice::from_raw_parts(text, len) };
    if prefix.is_null() {
        return write(level, "", text);
    }
    // SAFETY: a prefix that is not null is a NUL-terminated string.
    let prefix = unsafe { CStr::from_ptr(prefix) };
    write(level, &format!("{}: ", prefix.to_string_lossy()), text);
}

/// Twin of `kx_pointer_text`.
///
/// # Safety
///
/// As for `kx_pointer_text`.
pub(crate) unsafe fn pointer_text(room: *mut c_char, size: usize, pointer: *const c_void) {
    let text = format!("0x{:016x}\0", !pointer.addr());
    if text.len() <= size {
        // SAFETY: the room is writable for so many bytes.
        unsafe { core::ptr::copy_nonoverlapping(text.as_ptr(), room.cast(), text.len()) };
    }
}
