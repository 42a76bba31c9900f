// SPDX-License-Identifier: GPL-2.0-only

//! Strings.

use core::fmt;
use core::ops::Deref;

use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::{AllocError, KVec};
use crate::error::{Error, code::EINVAL};
use crate::fmt::Line;

pub use core::ffi::CStr;

/// What [`CStr`] has beyond its standard methods.
pub trait CStrExt {
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
}

impl CStrExt for CStr {
    fn to_cstring(&self) -> Result<CString, AllocError> {
        CString::try_from(self)
    }
}

/// Bytes that are mostly text.
///
/// # Examples
///
/// ```
/// use kernel::str::BStr;
///
/// assert_eq!(format!("{}", BStr::from_bytes(b"a\xff\"b")), "a\\xff\"b");
/// ```
#[repr(transparent)]
#[derive(PartialEq, Eq)]
pub struct BStr([u8]);

impl BStr {
    /// Bytes, taken as text.
    #[allow(unsafe_code, reason = "a cast to a struct of one field")]
    pub const fn from_bytes(bytes: &[u8]) -> &Self {
        // SAFETY: the struct has the layout of its one field.
        unsafe { &*(core::ptr::from_ref(bytes) as *const Self) }
    }
}

impl Deref for BStr {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for BStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0 {
            match byte {
                b' '..=b'~' => fmt::Write::write_char(f, char::from(*byte))?,
                b'\n' => f.write_str("\\n")?,
                b'\t' => f.write_str("\\t")?,
                b'\r' => f.write_str("\\r")?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for BStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A C string in memory of its own.
///
/// # Invariants
///
/// The bytes have one NUL, at their end.
pub struct CString {
    bytes: KVec<u8>,
}

impl CString {
    /// Formats text; `fmt!` makes the arguments.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the text contains a NUL or does not come out the same twice, `ENOMEM` when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn try_from_fmt(args: fmt::Arguments<'_>) -> Result<Self, Error> {
        let len = match Line::format(&mut [], args) {
            Ok(text) => text.len(),
            Err(wanted) => wanted,
        };
        let mut bytes = KVec::from_elem(0, len.checked_add(1).ok_or(EINVAL)?, GFP_KERNEL)?;
        let written = Line::format(&mut bytes[..len], args)
            .map_err(|_| EINVAL)?
            .len();
        if written != len {
            return Err(EINVAL);
        }
        Self::from_bytes(bytes)
    }

    /// Checks that the bytes have one NUL, at their end.
    fn from_bytes(bytes: KVec<u8>) -> Result<Self, Error> {
        CStr::from_bytes_with_nul(&bytes).map_err(|_| EINVAL)?;
        // INVARIANT: just checked.
        Ok(Self { bytes })
    }
}

impl Deref for CString {
    type Target = CStr;

    #[allow(unsafe_code, reason = "the check was made once")]
    fn deref(&self) -> &CStr {
        // SAFETY: by the invariant there is one NUL, at the end.
        unsafe { CStr::from_bytes_with_nul_unchecked(&self.bytes) }
    }
}

impl TryFrom<&CStr> for CString {
    type Error = AllocError;

    fn try_from(text: &CStr) -> Result<Self, AllocError> {
        let mut bytes = KVec::new();
        bytes.extend_from_slice(text.to_bytes_with_nul(), GFP_KERNEL)?;
        // INVARIANT: these are a C string's bytes.
        Ok(Self { bytes })
    }
}

impl fmt::Debug for CString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
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
    use std::format;

    use super::*;

    #[test]
    fn formatted_text_becomes_a_c_string() {
        let text = CString::try_from_fmt(format_args!("disk{}", 12)).unwrap();
        assert_eq!(&*text, c"disk12");
        assert_eq!(
            &*CString::try_from_fmt(format_args!("plain")).unwrap(),
            c"plain"
        );
        assert_eq!(&*CString::try_from_fmt(format_args!("")).unwrap(), c"");
    }

    #[test]
    fn a_nul_within_is_refused() {
        assert_eq!(
            CString::try_from_fmt(format_args!("a{}b", '\0')).unwrap_err(),
            EINVAL
        );
    }

    #[test]
    fn text_that_changes_is_refused() {
        struct Growing(core::cell::Cell<usize>);
        impl fmt::Display for Growing {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.set(self.0.get() + 1);
                (0..self.0.get()).try_for_each(|_| f.write_str("x"))
            }
        }
        let growing = Growing(core::cell::Cell::new(3));
        assert_eq!(
            CString::try_from_fmt(format_args!("{growing}")).unwrap_err(),
            EINVAL
        );
    }

    #[test]
    fn literals_and_copies() {
        assert_eq!(c_str!("abc"), c"abc");
        assert_eq!(&*c"abc".to_cstring().unwrap(), c"abc");
        assert_eq!(
            format!(
                "{} {:?}",
                BStr::from_bytes(b"a\tb"),
                BStr::from_bytes(b"\0")
            ),
            r#"a\tb "\x00""#
        );
    }
}
