// SPDX-License-Identifier: GPL-2.0-only

//! Pages: include/linux/gfp.h, include/linux/highmem.h.

use core::ffi::c_void;

#[cfg(not(target_os = "none"))]
use crate::host::page as twin;
use crate::types::page;

rooms! {
    /// The size of a page, as a power of two; `shims/module.c` checks that it is the target's. Kernels for arm64 may have
    /// larger ones, and an object of their own.
    pub const PAGE_SHIFT: usize = 12;
}

shims! {
    /// Allocates one page, with the flags of [`kx_krealloc`](crate::kx_krealloc); null when there is none.
    ///
    /// # Safety
    ///
    /// May sleep when `flags` say so.
    #[host(twin::alloc)]
    pub fn kx_alloc_page(flags: u32) -> *mut page;

    /// Gives a page back; any context.
    ///
    /// # Safety
    ///
    /// The page came from [`kx_alloc_page`] and was not given back.
    #[host(twin::give_back)]
    pub fn kx_free_page(page: *mut page);

    /// Copies out of a page, whoever writes to it meanwhile; any context.
    ///
    /// # Safety
    ///
    /// The page exists, `to` is writable for `len` bytes, and `offset + len` is at most a page's size.
    #[host(twin::read)]
    pub fn kx_page_read(page: *mut page, offset: usize, to: *mut c_void, len: usize);

    /// Copies into a page, whoever uses it meanwhile; any context.
    ///
    /// # Safety
    ///
    /// The page exists, `from` is readable for `len` bytes, and `offset + len` is at most a page's size.
    #[host(twin::write)]
    pub fn kx_page_write(page: *mut page, offset: usize, from: *const c_void, len: usize);
}
