// SPDX-License-Identifier: GPL-2.0-only

//! User memory: areas of bytes, with nothing between them. All other addresses are bad.

use core::ffi::{c_int, c_void};
use core::ops::Range;
use std::collections::BTreeMap;

use super::machine::{current, lock};
use super::{context, errno};

/// Where user memory begins.
pub const START: usize = 0x1000;

/// The memory of the program that uses a driver.
#[derive(Default)]
pub(super) struct UserMemory {
    areas: BTreeMap<usize, Vec<u8>>,
}

impl UserMemory {
    /// Makes bytes user memory, with nothing before and behind them; says where they are.
    pub(super) fn add(&mut self, content: Vec<u8>) -> usize {
        let end = self.areas.iter().next_back();
        let end = end.map_or(START, |(start, bytes)| start + bytes.len());
        // At least a page that is bad lies between two areas, and addresses with an odd page are as good as others.
        let start = end.next_multiple_of(START) + START;
        self.areas.insert(start, content);
        start
    }

    /// Takes bytes away again.
    pub(super) fn remove(&mut self, start: usize) -> Vec<u8> {
        self.areas.remove(&start).unwrap_or_default()
    }

    /// The part of an access that is good.
    fn good(&mut self, addr: usize, len: usize) -> &mut [u8] {
        match self.areas.range_mut(..=addr).next_back() {
            Some((start, bytes)) => {
                let range = good(bytes, addr - start, len);
                &mut bytes[range]
            }
            None => &mut [],
        }
    }
}

/// The part of some bytes that exists.
fn good(bytes: &[u8], start: usize, len: usize) -> Range<usize> {
    let start = start.min(bytes.len());
    start..start.saturating_add(len).min(bytes.len())
}

/// Makes bytes this thread's user memory, at [`START`].
pub fn set(content: &[u8]) {
    lock(&current().user).areas.insert(START, content.to_vec());
}

/// What is in this thread's user memory, at [`START`].
pub fn get() -> Vec<u8> {
    let machine = current();
    let memory = lock(&machine.user);
    memory.areas.get(&START).cloned().unwrap_or_default()
}

/// Twin of `kx_copy_from_user`.
///
/// # Safety
///
/// As for `kx_copy_from_user`.
pub(crate) unsafe fn copy_from_user(to: *mut c_void, from: usize, len: usize) -> usize {
    context::might_sleep();
    let to: *mut u8 = to.cast();
    let machine = current();
    let mut memory = lock(&machine.user);
    let good = memory.good(from, len);
    // SAFETY: the room has `len` bytes.
    unsafe { to.write_bytes(0, len) };
    // SAFETY: there are not more than `len` good bytes, and the two do not overlap.
    unsafe { to.copy_from_nonoverlapping(good.as_ptr(), good.len()) };
    len - good.len()
}

/// 0 when nothing is left.
fn all_or_fault(left: usize) -> c_int {
    if left == 0 { 0 } else { -errno::EFAULT }
}

/// Twin of `kx_get_user_4`.
///
/// # Safety
///
/// As for `kx_get_user_4`.
pub(crate) unsafe fn get_user_4(to: *mut c_void, from: usize) -> c_int {
    // SAFETY: as the caller promises.
    all_or_fault(unsafe { copy_from_user(to, from, 4) })
}

/// Twin of `kx_get_user_8`.
///
/// # Safety
///
/// As for `kx_get_user_8`.
pub(crate) unsafe fn get_user_8(to: *mut c_void, from: usize) -> c_int {
    // SAFETY: as the caller promises.
    all_or_fault(unsafe { copy_from_user(to, from, 8) })
}

/// Twin of `kx_put_user_4`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn put_user_4(to: usize, value: u32) -> c_int {
    // SAFETY: these are the value's bytes.
    all_or_fault(unsafe { copy_to_user(to, (&raw const value).cast(), 4) })
}

/// Twin of `kx_put_user_8`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn put_user_8(to: usize, value: u64) -> c_int {
    // SAFETY: these are the value's bytes.
    all_or_fault(unsafe { copy_to_user(to, (&raw const value).cast(), 8) })
}

/// Twin of `kx_strncpy_from_user`.
///
/// # Safety
///
/// As for `kx_strncpy_from_user`.
pub(crate) unsafe fn strncpy_from_user(to: *mut c_void, from: usize, len: usize) -> isize {
    context::might_sleep();
    let to: *mut u8 = to.cast();
    let machine = current();
    let mut memory = lock(&machine.user);
    let good = memory.good(from, len);
    let nul = good.iter().position(|byte| *byte == 0);
    if nul.is_none() && good.len() < len {
        return -(errno::EFAULT as isize);
    }
    let copied = nul.map_or(len, |nul| nul + 1);
    // SAFETY: there are so many good bytes, not more than `len`, and the two do not overlap.
    unsafe { to.copy_from_nonoverlapping(good.as_ptr(), copied) };
    nul.unwrap_or(len) as isize
}

/// Twin of `kx_copy_to_user`.
///
/// # Safety
///
/// As for `kx_copy_to_user`.
pub(crate) unsafe fn copy_to_user(to: usize, from: *const c_void, len: usize) -> usize {
    context::might_sleep();
    // SAFETY: so many bytes are readable.
    let from = unsafe { core::slice::from_raw_parts(from.cast::<u8>(), len) };
    let machine = current();
    let mut memory = lock(&machine.user);
    let good = memory.good(to, len);
    good.copy_from_slice(&from[..good.len()]);
    len - good.len()
}
