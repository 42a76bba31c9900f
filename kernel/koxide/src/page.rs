// SPDX-License-Identifier: GPL-2.0-only

//! Pages of memory, which user space can be given, too: include/linux/gfp.h.

#![allow(unsafe_code, reason = "the C edge of pages")]

use core::ptr::NonNull;

use crate::alloc::flags::__GFP_ZERO;
use crate::alloc::{AllocError, Flags};
use crate::error::{Result, code::EINVAL};

/// The size of a page, as a power of two.
pub const PAGE_SHIFT: usize = koxide_abi::PAGE_SHIFT;

/// The size of a page in bytes.
pub const PAGE_SIZE: usize = 1 << PAGE_SHIFT;

/// What of an address says which page it is in.
pub const PAGE_MASK: usize = !(PAGE_SIZE - 1);

/// The size of the whole pages that so many bytes need; nothing if it has no number.
///
/// ```
/// use kernel::page::{PAGE_SIZE, page_align};
///
/// assert_eq!(page_align(1), Some(PAGE_SIZE));
/// assert_eq!(page_align(usize::MAX), None);
/// ```
pub const fn page_align(size: usize) -> Option<usize> {
    match size.checked_add(PAGE_SIZE - 1) {
        Some(sum) => Some(sum & PAGE_MASK),
        None => None,
    }
}

/// A page of memory.
///
/// Its bytes are copied in and out, and never lent: user space may have the page mapped, and write to it at any time.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// use kernel::{page::Page, prelude::*};
///
/// # fn main() -> Result {
/// let page = Page::alloc_page(GFP_KERNEL)?;
/// page.write(16, b"hello")?;
/// let mut text = [0; 6];
/// page.read(16, &mut text)?;
/// assert_eq!(&text, b"hello\0");
/// # Ok(())
/// # }
/// ```
///
/// # Invariants
///
/// It is a page of `kx_alloc_page`, and this gives it back.
pub struct Page(NonNull<koxide_abi::types::page>);

// SAFETY: any thread may give a page back.
unsafe impl Send for Page {}
// SAFETY: what can be done with a shared page is copying, which nobody else's copying makes undefined.
unsafe impl Sync for Page {}

impl Page {
    /// Allocates a page of zeros.
    ///
    /// Upstream's has what was there before, unless `__GFP_ZERO` is said: user space that has the page mapped would see it.
    ///
    /// # Errors
    ///
    /// When there is no memory.
    ///
    /// # Context
    ///
    /// May sleep when `flags` say so.
    pub fn alloc_page(flags: Flags) -> Result<Self, AllocError> {
        // SAFETY: whoever passes the flags knows whether they may sleep.
        let page = unsafe { koxide_abi::kx_alloc_page((flags | __GFP_ZERO).as_raw()) };
        // INVARIANT: it was just allocated.
        NonNull::new(page).map(Self).ok_or(AllocError)
    }

    /// For the kernel's functions.
    pub(crate) fn as_ptr(&self) -> *mut koxide_abi::types::page {
        self.0.as_ptr()
    }

    /// Copies bytes from an offset of the page on.
    ///
    /// # Errors
    ///
    /// `EINVAL` when they go beyond the page.
    pub fn read(&self, offset: usize, to: &mut [u8]) -> Result {
        check(offset, to.len())?;
        // SAFETY: by the invariant the page exists; the bytes are writable and inside of the page.
        unsafe {
            koxide_abi::kx_page_read(self.as_ptr(), offset, to.as_mut_ptr().cast(), to.len());
        }
        Ok(())
    }

    /// Copies bytes to an offset of the page.
    ///
    /// # Errors
    ///
    /// `EINVAL` when they go beyond the page.
    pub fn write(&self, offset: usize, from: &[u8]) -> Result {
        check(offset, from.len())?;
        // SAFETY: by the invariant the page exists; the bytes are readable and inside of the page.
        unsafe {
            koxide_abi::kx_page_write(self.as_ptr(), offset, from.as_ptr().cast(), from.len());
        }
        Ok(())
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: by the invariant it was allocated, and is given back once. Who has it mapped has a reference.
        unsafe { koxide_abi::kx_free_page(self.as_ptr()) };
    }
}

/// Whether bytes are inside of a page.
fn check(offset: usize, len: usize) -> Result {
    match offset.checked_add(len) {
        Some(end) if end <= PAGE_SIZE => Ok(()),
        _ => Err(EINVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_copied_beyond_a_page() {
        assert_eq!(check(0, PAGE_SIZE), Ok(()));
        assert_eq!(check(PAGE_SIZE, 0), Ok(()));
        assert_eq!(check(1, PAGE_SIZE), Err(EINVAL));
        assert_eq!(check(usize::MAX, 2), Err(EINVAL));
    }
}
