// SPDX-License-Identifier: GPL-2.0-only

//! Memory: include/linux/slab.h, include/linux/vmalloc.h.
//!
//! `flags` are the GFP bits as the `kernel` library numbers them; the shims assert that the target's are the same.

use core::ffi::c_void;

#[cfg(not(target_os = "none"))]
use crate::host::alloc as twin;

shims! {
    /// Allocates (`ptr` null), grows or shrinks memory that is contiguous in RAM.
    ///
    /// Null when there is no memory, with `ptr` as it was. The result is aligned to `align`, on kernels too whose
    /// `kmalloc` aligns only sizes that are powers of two.
    ///
    /// # Safety
    ///
    /// `ptr` is null or came from this function with the same `align` and was not freed; `align` is a power of
    /// two; `size` is not 0. May sleep when `flags` say so.
    #[host(twin::krealloc)]
    pub fn kx_krealloc(ptr: *mut c_void, size: usize, align: usize, flags: u32) -> *mut c_void;

    /// As [`kx_krealloc`] of a null pointer, for less: at most a page, aligned to 8 at most, and `flags` that let it sleep and
    /// do not say `__GFP_HIGHMEM`. It is the kernel's own function.
    ///
    /// # Safety
    ///
    /// Size and `flags` are such; process context that may sleep.
    #[host(twin::kmalloc)]
    pub fn kx_kmalloc(size: usize, flags: u32) -> *mut c_void;

    /// Frees what [`kx_krealloc`] or [`kx_kmalloc`] gave.
    ///
    /// # Safety
    ///
    /// `ptr` came from one of them and was not freed.
    #[host(twin::free)]
    pub fn kx_kfree(ptr: *mut c_void);

    /// Allocates (`ptr` null), grows or shrinks memory that is contiguous only in virtual addresses.
    ///
    /// Null when there is no memory, with `ptr` as it was, or when `flags` forbid sleeping.
    ///
    /// # Safety
    ///
    /// As for [`kx_krealloc`]; `old_size` is the size asked for when `ptr` was allocated (0 for null).
    #[host(twin::vrealloc)]
    pub fn kx_vrealloc(ptr: *mut c_void, old_size: usize, size: usize, align: usize, flags: u32) -> *mut c_void;

    /// Frees what [`kx_vrealloc`] gave; may sleep.
    ///
    /// # Safety
    ///
    /// `ptr` came from [`kx_vrealloc`] and was not freed.
    #[host(twin::free)]
    pub fn kx_vfree(ptr: *mut c_void);

    /// As [`kx_kvrealloc`] of a null pointer, for less: aligned to 8 at most, and `flags` that let it sleep and do not say
    /// `__GFP_HIGHMEM`.
    ///
    /// # Safety
    ///
    /// `size` is not 0, and `flags` are such; process context that may sleep.
    #[host(twin::kvmalloc)]
    pub fn kx_kvmalloc(size: usize, flags: u32) -> *mut c_void;

    /// As [`kx_krealloc`] while that succeeds, else as [`kx_vrealloc`].
    ///
    /// # Safety
    ///
    /// As for [`kx_vrealloc`].
    #[host(twin::vrealloc)]
    pub fn kx_kvrealloc(ptr: *mut c_void, old_size: usize, size: usize, align: usize, flags: u32) -> *mut c_void;

    /// Frees what [`kx_kvrealloc`] or [`kx_kvmalloc`] gave; may sleep.
    ///
    /// # Safety
    ///
    /// `ptr` came from one of them and was not freed.
    #[host(twin::free)]
    pub fn kx_kvfree(ptr: *mut c_void);
}
