// SPDX-License-Identifier: GPL-2.0-only

//! Memory from the C-like allocator of the standard library, with a header that remembers the layout.

use core::ffi::c_void;
use std::alloc::{Layout, alloc, dealloc};

/// Below each block: its layout's size and alignment.
const HEADER: usize = 2 * size_of::<usize>();

/// `__GFP_ZERO`.
const ZERO: u32 = 0x100;

/// The distance from what the allocator gave to what the caller gets.
fn offset(align: usize) -> usize {
    HEADER.max(align)
}

/// Allocates a block and writes its header; null when the allocator has nothing.
fn allocate(size: usize, align: usize, flags: u32) -> *mut c_void {
    let align = align.max(align_of::<usize>());
    let Some(total) = size.checked_add(offset(align)) else {
        return core::ptr::null_mut();
    };
    let Ok(layout) = Layout::from_size_align(total, align) else {
        return core::ptr::null_mut();
    };
    // SAFETY: the layout's size is not 0, since it contains the header.
    let base = unsafe { alloc(layout) };
    if base.is_null() {
        return core::ptr::null_mut();
    }
    // SAFETY: `offset(align)` is within the block.
    let block = unsafe { base.add(offset(align)) };
    // SAFETY: the header lies between `base` and `block`, and both are aligned to at least a `usize`.
    unsafe { header(block).write([size, align]) };
    if flags & ZERO != 0 {
        // SAFETY: the block has `size` bytes from here on.
        unsafe { block.write_bytes(0, size) };
    }
    block.cast()
}

/// Where a block's size and alignment are.
fn header(block: *mut u8) -> *mut [usize; 2] {
    block.wrapping_sub(HEADER).cast()
}

/// Twin of `kx_krealloc`.
///
/// # Safety
///
/// As for `kx_krealloc`.
pub(crate) unsafe fn krealloc(
    ptr: *mut c_void,
    size: usize,
    align: usize,
    flags: u32,
) -> *mut c_void {
    let new = allocate(size, align, flags);
    if !ptr.is_null() && !new.is_null() {
        // SAFETY: `ptr` came from `allocate`, which wrote the header.
        let [old_size, _] = unsafe { header(ptr.cast()).read() };
        // SAFETY: both blocks have at least so many bytes, and the new one is not the old one.
        unsafe { core::ptr::copy_nonoverlapping(ptr.cast::<u8>(), new.cast(), old_size.min(size)) };
        // SAFETY: `ptr` came from here and was not freed.
        unsafe { free(ptr) };
    }
    new
}

/// Twin of `kx_vrealloc` and `kx_kvrealloc`.
///
/// # Safety
///
/// As for `kx_vrealloc`.
pub(crate) unsafe fn vrealloc(
    ptr: *mut c_void,
    old_size: usize,
    size: usize,
    align: usize,
    flags: u32,
) -> *mut c_void {
    if !ptr.is_null() {
        // SAFETY: `ptr` came from `allocate`, which wrote the header.
        let [known, _] = unsafe { header(ptr.cast()).read() };
        assert_eq!(
            known, old_size,
            "the caller named another size than it allocated"
        );
    }
    // SAFETY: the contract is the same but for `old_size`.
    unsafe { krealloc(ptr, size, align, flags) }
}

/// Twin of `kx_kfree`, `kx_vfree` and `kx_kvfree`.
///
/// # Safety
///
/// As for `kx_kfree`.
pub(crate) unsafe fn free(ptr: *mut c_void) {
    let block: *mut u8 = ptr.cast();
    // SAFETY: `ptr` came from `allocate`, which wrote the header.
    let [size, align] = unsafe { header(block).read() };
    let base = block.wrapping_sub(offset(align));
    // SAFETY: this is the layout that `allocate` made of the same two numbers.
    let layout = unsafe { Layout::from_size_align_unchecked(size + offset(align), align) };
    // SAFETY: `base` was allocated with this layout and is freed once.
    unsafe { dealloc(base, layout) };
}
