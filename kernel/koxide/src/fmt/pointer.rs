// SPDX-License-Identifier: GPL-2.0-only

//! Addresses, as the kernel writes them: Documentation/core-api/printk-formats.rst.

#![allow(unsafe_code, reason = "the C edge of formatting")]

use core::ffi::CStr;
use core::ptr::NonNull;

use super::{Formatter, Result, Write as _};

/// What `{:p}` writes.
pub trait Pointer {
    /// Writes the address.
    ///
    /// # Errors
    ///
    /// [`Error`](super::Error) when the formatter cannot be written to.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result;
}

/// An address that is written as the kernel's `%p` does: as a number that is the same each time, and tells nothing.
///
/// On a kernel that was booted with `no_hash_pointers` it is the address.
pub struct HashedPtr<T: ?Sized>(pub *const T);

impl<T: ?Sized> Pointer for HashedPtr<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut room = [0u8; 32];
        // SAFETY: the room is writable for its size; the address is not used.
        unsafe { koxide_abi::kx_pointer_text(room.as_mut_ptr().cast(), room.len(), self.0.cast()) };
        let text = CStr::from_bytes_until_nul(&room).map_or("", |text| text.to_str().unwrap_or(""));
        let width = f.width().unwrap_or(0);
        // Before the kernel has random numbers it writes a word.
        if !f.sign_aware_zero_pad() || !text.starts_with("0x") {
            return f.pad(text);
        }
        f.write_str("0x")?;
        (text.len()..width).try_for_each(|_| f.write_char('0'))?;
        f.write_str(&text[2..])
    }
}

/// Implements [`Pointer`] for types of pointers.
macro_rules! pointers {
    ($($ty:ty: |$value:ident| $pointer:expr;)*) => {$(
        impl<T: ?Sized> Pointer for $ty {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                let $value = self;
                HashedPtr($pointer).fmt(f)
            }
        }
    )*};
}

pointers! {
    *const T: |value| *value;
    *mut T: |value| value.cast_const();
    &T: |value| core::ptr::from_ref(*value);
    &mut T: |value| core::ptr::from_ref(&**value);
    NonNull<T>: |value| value.as_ptr().cast_const();
}

#[cfg(test)]
mod tests {
    use std::format;

    use crate::prelude::*;

    #[test]
    fn addresses_do_not_tell_where_they_are() {
        let value = 7;
        let address = format!("{:p}", &raw const value);
        let hashed = format!("{}", fmt!("{:p}", &value));
        assert_ne!(address, hashed);
        assert_eq!(hashed.len(), 18);
        assert_eq!(hashed, format!("{}", fmt!("{:p}", &raw const value)));
        assert_eq!(
            format!("{}", fmt!("{:>20p}", &value)),
            format!("  {hashed}")
        );
        assert_eq!(
            format!("{}", fmt!("{:020p}", &value)),
            format!("0x00{}", &hashed[2..])
        );
    }
}
