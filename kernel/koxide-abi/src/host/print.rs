// SPDX-License-Identifier: GPL-2.0-only

//! The kernel log: each thread has its own, so that a test reads what it wrote itself.

use core::cell::RefCell;
use core::ffi::{CStr, c_char, c_void};

std::thread_local! {
    static LOG: RefCell<Vec<(u32, String)>> = const { RefCell::new(Vec::new()) };
}

/// Takes the lines that this thread has written: level and text.
pub fn take() -> Vec<(u32, String)> {
    LOG.take()
}

/// Twin of `kx_print`.
///
/// # Safety
///
/// As for `kx_print`.
pub(crate) unsafe fn print(level: u32, prefix: *const c_char, text: *const u8, len: usize) {
    // SAFETY: the text is readable for so many bytes.
    let text = unsafe { core::slice::from_raw_parts(text, len) };
    let mut line = String::new();
    if !prefix.is_null() {
        // SAFETY: a prefix that is not null is a NUL-terminated string.
        let prefix = unsafe { CStr::from_ptr(prefix) };
        line = format!("{}: ", prefix.to_string_lossy());
    }
    line.push_str(&String::from_utf8_lossy(text));
    LOG.with_borrow_mut(|log| log.push((level, line)));
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
