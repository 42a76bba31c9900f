// SPDX-License-Identifier: GPL-2.0-only

//! Strings.

mod bstr;
mod cstr;
mod formatter;
mod kstrtobool;
pub mod parse_int;

use core::ops::{Deref, DerefMut};

use crate::alloc::flags::GFP_KERNEL;
use crate::alloc::{AllocError, KVec};
use crate::error::{Error, code::EINVAL};
use crate::fmt::{self, Line};

pub use bstr::BStr;
pub(crate) use bstr::escape;
pub use core::ffi::CStr;
pub use cstr::{CStrExt, as_char_ptr_in_const_context};
pub use formatter::{Formatter, NullTerminatedFormatter, RawFormatter};
pub use kstrtobool::{kstrtobool, kstrtobool_bytes};

/// Why bytes are no C string; how Linux 6.12 called it.
#[doc(hidden)]
#[deprecated(note = "it is `core::ffi::FromBytesWithNulError`")]
pub type CStrConvertError = core::ffi::FromBytesWithNulError;

/// A C string in memory of its own.
///
/// # Invariants
///
/// The bytes have one NUL, at their end.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, str::CString};
///
/// let name = CString::try_from_fmt(fmt!("disk{}", 3))?;
/// assert_eq!(name.to_bytes(), b"disk3");
/// # Ok::<(), Error>(())
/// ```
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

impl DerefMut for CString {
    #[allow(unsafe_code, reason = "the check was made once")]
    fn deref_mut(&mut self) -> &mut CStr {
        // SAFETY: by the invariant there is one NUL, at the end.
        unsafe { CStr::from_bytes_with_nul_unchecked_mut(&mut self.bytes) }
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

#[cfg(test)]
mod tests {
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
        impl core::fmt::Display for Growing {
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
}
