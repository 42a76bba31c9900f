// SPDX-License-Identifier: GPL-2.0-only

//! A setting that is a text.

#![allow(unsafe_code, reason = "the C edge of texts in /proc/sys")]

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_void};

use crate::alloc::KVec;
use crate::alloc::flags::GFP_KERNEL;
use crate::error::{Result, code::EINVAL};
use crate::str::CString;

/// A text of at most `N - 1` bytes, which user space may change.
///
/// # Examples
///
/// ```
/// use kernel::sysctl::Text;
///
/// static GREETING: Text<32> = Text::new("hello");
/// ```
///
/// # Invariants
///
/// There is a NUL in it. It changes only while the module's texts are locked, which the shims do.
pub struct Text<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: whoever reads or writes it locks the module's texts.
unsafe impl<const N: usize> Sync for Text<N> {}

impl<const N: usize> Text<N> {
    /// A text, for a static.
    ///
    /// # Panics
    ///
    /// That is, it does not compile: when the text is too long, has a NUL within, or when `N` is more than a page.
    pub const fn new(text: &str) -> Self {
        let text = text.as_bytes();
        assert!(text.len() < N, "the text is too long");
        assert!(N <= 4096, "a setting is at most a page");
        let mut room = [0; N];
        let mut at = 0;
        while at < text.len() {
            assert!(text[at] != 0, "the text has a NUL within");
            room[at] = text[at];
            at += 1;
        }
        // INVARIANT: the text is shorter than the room.
        Self(UnsafeCell::new(room))
    }

    /// A copy of what it is now.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory for it.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn to_cstring(&self) -> Result<CString> {
        let mut copy = KVec::from_elem(0u8, N, GFP_KERNEL)?;
        // SAFETY: the copy has `N` bytes, and the text is a text's data.
        unsafe { koxide_abi::kx_sysctl_copy(copy.as_mut_ptr().cast(), self.address(), N) };
        let text = CStr::from_bytes_until_nul(&copy).map_err(|_| EINVAL)?;
        Ok(CString::try_from(text)?)
    }

    /// Changes it.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the text is too long.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn set(&self, text: &CStr) -> Result {
        let text = text.to_bytes_with_nul();
        if text.len() > N {
            return Err(EINVAL);
        }
        // SAFETY: the text has that many bytes, and the room is a text's, with at least as many. With the NUL it stays a C
        // string.
        unsafe { koxide_abi::kx_sysctl_copy(self.address(), text.as_ptr().cast(), text.len()) };
        Ok(())
    }

    /// Where it is.
    pub(super) const fn address(&self) -> *mut c_void {
        self.0.get().cast()
    }
}
