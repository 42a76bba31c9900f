// SPDX-License-Identifier: GPL-2.0-only

//! Ranges of user memory: include/linux/mm.h.

use core::ffi::c_int;

use crate::types::{page, vm_area_struct};

shims! {
    /// Sets and clears flags of a range.
    ///
    /// # Safety
    ///
    /// The caller is the `mmap` operation of the range's file, and the flags go together.
    pub fn kx_vma_flags_mod(vma: *mut vm_area_struct, set: usize, clear: usize);

    /// Puts a page there, with a reference of its own: 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// As for [`kx_vma_flags`]; the range has `VM_MIXEDMAP`, and the page came from
    /// [`kx_alloc_page`](crate::kx_alloc_page).
    pub fn kx_vm_insert_page(vma: *mut vm_area_struct, address: usize, page: *mut page) -> c_int;

    /// Takes away what is there. May sleep. GPL only.
    ///
    /// # Safety
    ///
    /// As for [`kx_vma_flags`]; the addresses are inside of the range, and `size` is not 0.
    pub fn kx_zap_vma_range(vma: *mut vm_area_struct, address: usize, size: usize);
}

fields! {
    /// The range's flags; any context.
    ///
    /// # Safety
    ///
    /// The caller holds a lock of the range's memory, or is its file's `mmap` operation.
    #[field(read)]
    pub fn kx_vma_flags(vma: *mut vm_area_struct) -> usize;

    /// Where the range starts; any context.
    ///
    /// # Safety
    ///
    /// As for [`kx_vma_flags`].
    #[field(read)]
    pub fn kx_vma_start(vma: *mut vm_area_struct) -> usize;

    /// Where the range ends; any context.
    ///
    /// # Safety
    ///
    /// As for [`kx_vma_flags`].
    #[field(read)]
    pub fn kx_vma_end(vma: *mut vm_area_struct) -> usize;

    /// Which page of the file the range starts with; any context.
    ///
    /// # Safety
    ///
    /// As for [`kx_vma_flags`].
    #[field(read)]
    pub fn kx_vma_pgoff(vma: *mut vm_area_struct) -> usize;
}
