// SPDX-License-Identifier: GPL-2.0-only

//! Pages, in the ledger as other memory.

use core::ffi::c_void;

use super::alloc::{free, krealloc};
use crate::PAGE_SHIFT;
use crate::types::page;

/// The size of a page.
const SIZE: usize = 1 << PAGE_SHIFT;

/// Twin of `kx_alloc_page`.
///
/// # Safety
///
/// As for `kx_alloc_page`.
pub(crate) unsafe fn alloc(flags: u32) -> *mut page {
    // SAFETY: it is a new block.
    unsafe { krealloc(core::ptr::null_mut(), SIZE, SIZE, flags) }.cast()
}

/// Twin of `kx_free_page`.
///
/// # Safety
///
/// As for `kx_free_page`.
pub(crate) unsafe fn give_back(page: *mut page) {
    // SAFETY: `alloc` gave it, and nobody uses it any more.
    unsafe { free(page.cast()) };
}

/// Twin of `kx_page_read`.
///
/// # Safety
///
/// As for `kx_page_read`.
pub(crate) unsafe fn read(page: *mut page, offset: usize, to: *mut c_void, len: usize) {
    // SAFETY: the bytes are in the page, and `to` is somewhere else.
    unsafe { to.copy_from_nonoverlapping(page.cast::<c_void>().wrapping_byte_add(offset), len) };
}

/// Twin of `kx_page_write`.
///
/// # Safety
///
/// As for `kx_page_write`.
pub(crate) unsafe fn write(page: *mut page, offset: usize, from: *const c_void, len: usize) {
    let to: *mut c_void = page.cast();
    // SAFETY: the bytes are in the page, and `from` is somewhere else.
    unsafe {
        to.wrapping_byte_add(offset)
            .copy_from_nonoverlapping(from, len)
    };
}
