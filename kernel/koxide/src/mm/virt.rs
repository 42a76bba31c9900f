// SPDX-License-Identifier: GPL-2.0-only

//! Ranges of a program's memory: include/linux/mm_types.h, `struct vm_area_struct`.
//!
//! Each type is what one may do with the range where one has it: a [`VmaNew`] is what an
//! [`mmap`](crate::fs::FileOperations::mmap) is told of, which nobody else knows yet.

#![allow(unsafe_code, reason = "the C edge of memory ranges")]

pub mod flags;

use core::ops::Deref;

use crate::error::{Result, code::EINVAL, to_result};
use crate::page::{PAGE_SIZE, Page};
use crate::types::{NotThreadSafe, Opaque};

/// The type of the [`flags`].
#[allow(non_camel_case_types, reason = "the name is C's")]
pub type vm_flags_t = usize;

/// A range of a program's memory.
///
/// # Invariants
///
/// It is a `struct vm_area_struct`, and this thread holds a lock of that memory, for reading at least, as long as this is
/// borrowed.
#[repr(transparent)]
pub struct VmaRef {
    vma: Opaque<koxide_abi::types::vm_area_struct>,
    _not_send: NotThreadSafe,
}

impl VmaRef {
    /// For the kernel's functions.
    fn as_ptr(&self) -> *mut koxide_abi::types::vm_area_struct {
        self.vma.get()
    }

    /// What may be done in the range, and how it is treated: see [`flags`].
    pub fn flags(&self) -> vm_flags_t {
        // SAFETY: by the invariant the lock is held.
        unsafe { koxide_abi::kx_vma_flags(self.as_ptr()) }
    }

    /// The address that the range starts with.
    pub fn start(&self) -> usize {
        // SAFETY: by the invariant the lock is held.
        unsafe { koxide_abi::kx_vma_start(self.as_ptr()) }
    }

    /// The first address behind the range.
    pub fn end(&self) -> usize {
        // SAFETY: by the invariant the lock is held.
        unsafe { koxide_abi::kx_vma_end(self.as_ptr()) }
    }

    /// Which page of the file the range starts with; upstream has no such method.
    pub fn pgoff(&self) -> usize {
        // SAFETY: by the invariant the lock is held.
        unsafe { koxide_abi::kx_vma_pgoff(self.as_ptr()) }
    }

    /// Takes away the pages that are there; nothing happens when the addresses are not all inside of the range, or are not
    /// whole pages.
    ///
    /// For modules with a GPL-compatible licence only. May sleep.
    pub fn zap_vma_range(&self, address: usize, size: usize) {
        let inside = address
            .checked_add(size)
            .is_some_and(|end| self.start() <= address && end <= self.end());
        let whole = address.is_multiple_of(PAGE_SIZE) && size.is_multiple_of(PAGE_SIZE);
        if inside && whole && size != 0 {
            // SAFETY: by the invariant the lock is held; the addresses are whole pages inside of the range.
            unsafe { koxide_abi::kx_zap_vma_range(self.as_ptr(), address, size) };
        }
    }

    /// The range as one that single pages can be put into, if it is one.
    pub fn as_mixedmap_vma(&self) -> Option<&VmaMixedMap> {
        // SAFETY: the flag is there, and the rest is this type's own invariant.
        (self.flags() & flags::MIXEDMAP != 0).then(|| unsafe { VmaMixedMap::from_ref(self) })
    }
}

/// A range that single pages can be put into.
///
/// # Invariants
///
/// As for [`VmaRef`], and the range has [`flags::MIXEDMAP`].
#[repr(transparent)]
pub struct VmaMixedMap {
    vma: VmaRef,
}

impl VmaMixedMap {
    /// The same range.
    ///
    /// # Safety
    ///
    /// It has [`flags::MIXEDMAP`].
    unsafe fn from_ref(vma: &VmaRef) -> &Self {
        // SAFETY: the struct has the layout of its one field, and the caller promises the flag.
        unsafe { &*core::ptr::from_ref(vma).cast() }
    }

    /// Puts a page at an address of the range; it has a reference to the page as long as it is there.
    ///
    /// # Errors
    ///
    /// `EFAULT` for an address outside, `EBUSY` when there is a page already, `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn vm_insert_page(&self, address: usize, page: &Page) -> Result {
        // SAFETY: by the invariants the lock is held and the flag is set, and the page is one of the allocator's.
        to_result(unsafe {
            koxide_abi::kx_vm_insert_page(self.vma.as_ptr(), address, page.as_ptr())
        })
    }
}

impl Deref for VmaMixedMap {
    type Target = VmaRef;

    fn deref(&self) -> &VmaRef {
        &self.vma
    }
}

/// A range that is being made.
///
/// ```compile_fail
/// use kernel::mm::virt::VmaNew;
///
/// fn keep(vma: &VmaNew) -> &'static VmaNew {
///     vma
/// }
/// ```
///
/// # Invariants
///
/// As for [`VmaRef`], and an `mmap` is under way that makes the range, with the lock held for writing.
#[repr(transparent)]
pub struct VmaNew {
    vma: VmaRef,
}

impl VmaNew {
    /// The range at an address.
    ///
    /// # Safety
    ///
    /// During `'a` the `mmap` that makes it is under way, and only this thread uses it.
    pub(crate) unsafe fn from_raw<'a>(vma: *mut koxide_abi::types::vm_area_struct) -> &'a Self {
        // SAFETY: the struct has the layout of its one field that is not empty, and lives for `'a`.
        unsafe { &*vma.cast() }
    }

    /// Sets and clears flags.
    ///
    /// # Safety
    ///
    /// The flags go together.
    unsafe fn update_flags(&self, set: vm_flags_t, unset: vm_flags_t) {
        // SAFETY: by the invariant this is the range's `mmap`, and the caller promises the rest.
        unsafe { koxide_abi::kx_vma_flags_mod(self.vma.as_ptr(), set, unset) };
    }

    /// Makes it a range that single pages can be put into.
    pub fn set_mixedmap(&self) -> &VmaMixedMap {
        // SAFETY: the flag excludes only `PFNMAP`, which cannot be set here.
        unsafe { self.update_flags(flags::MIXEDMAP, 0) };
        // SAFETY: the flag was just set.
        unsafe { VmaMixedMap::from_ref(&self.vma) }
    }

    /// Says that reading there has effects: no core dump and no other program looks at it.
    pub fn set_io(&self) {
        // SAFETY: the flag goes with any.
        unsafe { self.update_flags(flags::IO, 0) };
    }

    /// Keeps `mremap(2)` from making the range larger.
    pub fn set_dontexpand(&self) {
        // SAFETY: the flag goes with any.
        unsafe { self.update_flags(flags::DONTEXPAND, 0) };
    }

    /// Keeps the range from the children of the program.
    pub fn set_dontcopy(&self) {
        // SAFETY: the flag goes with any.
        unsafe { self.update_flags(flags::DONTCOPY, 0) };
    }

    /// Keeps the range out of core dumps.
    pub fn set_dontdump(&self) {
        // SAFETY: the flag goes with any.
        unsafe { self.update_flags(flags::DONTDUMP, 0) };
    }

    /// Whether the program may read there.
    pub fn readable(&self) -> bool {
        self.flags() & flags::READ != 0
    }

    /// Keeps the program from allowing itself to read there.
    ///
    /// # Errors
    ///
    /// `EINVAL` when it may read there now.
    pub fn try_clear_mayread(&self) -> Result {
        self.try_clear(self.readable(), flags::MAYREAD)
    }

    /// Whether the program may write there.
    pub fn writable(&self) -> bool {
        self.flags() & flags::WRITE != 0
    }

    /// Keeps the program from allowing itself to write there.
    ///
    /// # Errors
    ///
    /// `EINVAL` when it may write there now.
    pub fn try_clear_maywrite(&self) -> Result {
        self.try_clear(self.writable(), flags::MAYWRITE)
    }

    /// Whether the program may execute what is there.
    pub fn executable(&self) -> bool {
        self.flags() & flags::EXEC != 0
    }

    /// Keeps the program from allowing itself to execute what is there.
    ///
    /// # Errors
    ///
    /// `EINVAL` when it may execute it now.
    pub fn try_clear_mayexec(&self) -> Result {
        self.try_clear(self.executable(), flags::MAYEXEC)
    }

    /// Clears the flag of a permission that the range does not have.
    fn try_clear(&self, has: bool, flag: vm_flags_t) -> Result {
        if has {
            return Err(EINVAL);
        }
        // SAFETY: what may become allowed goes with what is not allowed.
        unsafe { self.update_flags(0, flag) };
        Ok(())
    }
}

impl Deref for VmaNew {
    type Target = VmaRef;

    fn deref(&self) -> &VmaRef {
        &self.vma
    }
}
