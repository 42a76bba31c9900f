// SPDX-License-Identifier: GPL-2.0-only

//! User memory: each thread has some, at a fixed address. All other addresses are bad.

use core::cell::RefCell;
use core::ffi::c_void;
use core::ops::Range;

/// Where user memory begins.
pub const START: usize = 0x1000;

std::thread_local! {
    static MEMORY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes bytes this thread's user memory.
pub fn set(content: &[u8]) {
    MEMORY.set(content.to_vec());
}

/// What is in this thread's user memory.
pub fn get() -> Vec<u8> {
    MEMORY.with_borrow(Clone::clone)
}

/// The part of an access that is good.
fn good(memory: &[u8], addr: usize, len: usize) -> Range<usize> {
    let start = addr.wrapping_sub(START).min(memory.len());
    start..start.saturating_add(len).min(memory.len())
}

/// Twin of `kx_copy_from_user`.
///
/// # Safety
///
/// As for `kx_copy_from_user`.
pub(crate) unsafe fn copy_from_user(to: *mut c_void, from: usize, len: usize) -> usize {
    let to: *mut u8 = to.cast();
    MEMORY.with_borrow(|memory| {
        let good = &memory[good(memory, from, len)];
        // SAFETY: the room has `len` bytes.
        unsafe { to.write_bytes(0, len) };
        // SAFETY: there are not more than `len` good bytes, and the two do not overlap.
        unsafe { to.copy_from_nonoverlapping(good.as_ptr(), good.len()) };
        len - good.len()
    })
}

/// Twin of `kx_strncpy_from_user`.
///
/// # Safety
///
/// As for `kx_strncpy_from_user`.
pub(crate) unsafe fn strncpy_from_user(to: *mut c_void, from: usize, len: usize) -> isize {
    const EFAULT: isize = 14;
    let to: *mut u8 = to.cast();
    MEMORY.with_borrow(|memory| {
        let good = &memory[good(memory, from, len)];
        let nul = good.iter().position(|byte| *byte == 0);
        if nul.is_none() && good.len() < len {
            return -EFAULT;
        }
        let copied = nul.map_or(len, |nul| nul + 1);
        // SAFETY: there are so many good bytes, not more than `len`, and the two do not overlap.
        unsafe { to.copy_from_nonoverlapping(good.as_ptr(), copied) };
        nul.unwrap_or(len) as isize
    })
}

/// Twin of `kx_copy_to_user`.
///
/// # Safety
///
/// As for `kx_copy_to_user`.
pub(crate) unsafe fn copy_to_user(to: usize, from: *const c_void, len: usize) -> usize {
    // SAFETY: so many bytes are readable.
    let from = unsafe { core::slice::from_raw_parts(from.cast::<u8>(), len) };
    MEMORY.with_borrow_mut(|memory| {
        let good = good(memory, to, len);
        memory[good.clone()].copy_from_slice(&from[..good.len()]);
        len - good.len()
    })
}
