// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel does with C strings.

#![allow(unsafe_code, reason = "a C string is known by its first byte")]

use super::{CStr, CString};
use crate::alloc::AllocError;
use crate::ffi::c_char;

/// What [`CStr`] has beyond its standard methods.
#[allow(clippy::len_without_is_empty, reason = "that is a method of `CStr`")]
pub trait CStrExt {
    /// The string at an address.
    ///
    /// # Safety
    ///
    /// There is a NUL-terminated string at `ptr`, which during `'a` neither goes nor changes.
    unsafe fn from_char_ptr<'a>(ptr: *const c_char) -> &'a Self;

    /// The string of these bytes, to be changed.
    ///
    /// # Safety
    ///
    /// The bytes have one NUL, at their end.
    unsafe fn from_bytes_with_nul_unchecked_mut(bytes: &mut [u8]) -> &mut Self;

    /// The address of the first byte.
    fn as_char_ptr(&self) -> *const c_char;

    /// A copy in memory of its own.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    fn to_cstring(&self) -> Result<CString, AllocError>;

    /// Makes the letters of ASCII small.
    fn make_ascii_lowercase(&mut self);

    /// Makes the letters of ASCII capital.
    fn make_ascii_uppercase(&mut self);

    /// A copy with small letters.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    fn to_ascii_lowercase(&self) -> Result<CString, AllocError>;

    /// A copy with capital letters.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    fn to_ascii_uppercase(&self) -> Result<CString, AllocError>;

    /// The bytes; how Linux 6.12 called it.
    #[deprecated(note = "use `to_bytes`")]
    fn as_bytes(&self) -> &[u8];

    /// The bytes and the NUL; how Linux 6.12 called it.
    #[deprecated(note = "use `to_bytes_with_nul`")]
    fn as_bytes_with_nul(&self) -> &[u8];

    /// How many bytes there are before the NUL; how Linux 6.12 called it.
    #[deprecated(note = "use `count_bytes`")]
    fn len(&self) -> usize;

    /// How many bytes there are with the NUL; how Linux 6.12 called it.
    #[deprecated(note = "use `to_bytes_with_nul().len()`")]
    fn len_with_nul(&self) -> usize;
}

/// The bytes of a string, to be changed.
///
/// # Safety
///
/// Nobody writes a NUL into them, nor something else over the one at the end.
unsafe fn bytes_mut(text: &mut CStr) -> &mut [u8] {
    // SAFETY: a `CStr` has the layout of its bytes; the borrow passes to the result, and the caller leaves a string.
    unsafe { &mut *(core::ptr::from_mut(text) as *mut [u8]) }
}

impl CStrExt for CStr {
    unsafe fn from_char_ptr<'a>(ptr: *const c_char) -> &'a Self {
        // SAFETY: the contract is the same.
        unsafe { Self::from_ptr(ptr.cast()) }
    }

    unsafe fn from_bytes_with_nul_unchecked_mut(bytes: &mut [u8]) -> &mut Self {
        // SAFETY: a `CStr` has the layout of its bytes, which are a string's as the caller promises.
        unsafe { &mut *(core::ptr::from_mut(bytes) as *mut Self) }
    }

    fn as_char_ptr(&self) -> *const c_char {
        as_char_ptr_in_const_context(self)
    }

    fn to_cstring(&self) -> Result<CString, AllocError> {
        CString::try_from(self)
    }

    fn make_ascii_lowercase(&mut self) {
        // SAFETY: this makes letters of letters.
        unsafe { bytes_mut(self) }.make_ascii_lowercase();
    }

    fn make_ascii_uppercase(&mut self) {
        // SAFETY: this makes letters of letters.
        unsafe { bytes_mut(self) }.make_ascii_uppercase();
    }

    fn to_ascii_lowercase(&self) -> Result<CString, AllocError> {
        let mut copy = self.to_cstring()?;
        copy.make_ascii_lowercase();
        Ok(copy)
    }

    fn to_ascii_uppercase(&self) -> Result<CString, AllocError> {
        let mut copy = self.to_cstring()?;
        copy.make_ascii_uppercase();
        Ok(copy)
    }

    fn as_bytes(&self) -> &[u8] {
        self.to_bytes()
    }

    fn as_bytes_with_nul(&self) -> &[u8] {
        self.to_bytes_with_nul()
    }

    fn len(&self) -> usize {
        self.count_bytes()
    }

    fn len_with_nul(&self) -> usize {
        self.to_bytes_with_nul().len()
    }
}

/// The address of the first byte, as [`CStrExt::as_char_ptr`], for constants.
pub const fn as_char_ptr_in_const_context(text: &CStr) -> *const c_char {
    text.as_ptr().cast()
}

/// A C string literal, for code that is written with upstream's older macro: the same as `c"..."`.
#[macro_export]
macro_rules! c_str {
    ($text:expr) => {
        const {
            match ::core::ffi::CStr::from_bytes_with_nul(::core::concat!($text, "\0").as_bytes()) {
                ::core::result::Result::Ok(text) => text,
                ::core::result::Result::Err(_) => ::core::panic!("a C string has no NUL within"),
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_copies() {
        assert_eq!(c_str!("abc"), c"abc");
        assert_eq!(&*c"abc".to_cstring().unwrap(), c"abc");
        assert_eq!(&*c"aBc1".to_ascii_uppercase().unwrap(), c"ABC1");
        assert_eq!(&*c"aBc1".to_ascii_lowercase().unwrap(), c"abc1");
        // SAFETY: there is a literal, for ever.
        assert_eq!(unsafe { CStr::from_char_ptr(c"abc".as_char_ptr()) }, c"abc");
    }

    #[test]
    #[allow(deprecated, reason = "what is tested is that the older names work")]
    fn older_names() {
        assert_eq!(CStrExt::as_bytes(c"abc"), b"abc");
        assert_eq!(CStrExt::as_bytes_with_nul(c"abc"), b"abc\0");
        assert_eq!((CStrExt::len(c"abc"), c"abc".len_with_nul()), (3, 4));
    }
}
