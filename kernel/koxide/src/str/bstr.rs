// SPDX-License-Identifier: GPL-2.0-only

//! Bytes that are mostly text.

use core::ops::{Deref, Index};
use core::slice::SliceIndex;

use super::CStr;
use crate::fmt::{self, Write as _};

/// Bytes that are mostly text.
///
/// `{}` writes what is no printable character of ASCII as an escape sequence; `{:?}` puts it between quotation marks.
///
/// # Examples
///
/// ```
/// use kernel::{b_str, prelude::*, str::BStr, str::CString};
///
/// let bytes = BStr::from_bytes(b"a\xff\"b");
/// assert_eq!(&*CString::try_from_fmt(fmt!("{bytes}"))?, c"a\\xff\"b");
/// assert_eq!(b_str!("key=value").strip_prefix(b_str!("key=")), Some(b_str!("value")));
/// # Ok::<(), Error>(())
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

    /// How many bytes there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What comes after `prefix`, if this begins with it.
    pub fn strip_prefix(&self, prefix: impl AsRef<Self>) -> Option<&Self> {
        self.0
            .strip_prefix(&prefix.as_ref().0)
            .map(Self::from_bytes)
    }
}

impl Deref for BStr {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<I: SliceIndex<[u8], Output = [u8]>> Index<I> for BStr {
    type Output = Self;

    fn index(&self, index: I) -> &Self {
        Self::from_bytes(&self.0[index])
    }
}

impl AsRef<Self> for BStr {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<BStr> for [u8] {
    fn as_ref(&self) -> &BStr {
        BStr::from_bytes(self)
    }
}

impl AsRef<BStr> for CStr {
    fn as_ref(&self) -> &BStr {
        BStr::from_bytes(self.to_bytes())
    }
}

/// Bytes that are written with a backslash before them, and the letter for each.
type Escapes<'a> = &'a [(u8, char)];

/// What has an escape sequence of its own in what `{}` writes of a [`BStr`].
const DISPLAYED: Escapes<'static> = &[(b'\t', 't'), (b'\n', 'n'), (b'\r', 'r')];

/// What has one in what `{:?}` writes.
const DEBUGGED: Escapes<'static> = &[
    (b'\t', 't'),
    (b'\n', 'n'),
    (b'\r', 'r'),
    (b'"', '"'),
    (b'\\', '\\'),
];

/// Writes bytes as text.
pub(crate) fn escape(
    bytes: &[u8],
    escapes: Escapes<'_>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for byte in bytes {
        let letter = escapes.iter().find(|(escaped, _)| escaped == byte);
        match (letter, byte) {
            (Some((_, letter)), _) => {
                f.write_char('\\')?;
                f.write_char(*letter)?;
            }
            (None, b' '..=b'~') => f.write_char(char::from(*byte))?,
            (None, _) => write!(f, "\\x{byte:02x}")?,
        }
    }
    Ok(())
}

impl fmt::Display for BStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.0, DISPLAYED, f)
    }
}

impl fmt::Debug for BStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        escape(&self.0, DEBUGGED, f)?;
        f.write_char('"')
    }
}

/// A [`BStr`] of a literal.
#[macro_export]
macro_rules! b_str {
    ($text:literal) => {
        const { $crate::str::BStr::from_bytes($text.as_bytes()) }
    };
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;
    use crate::prelude::*;

    #[test]
    fn what_cannot_be_printed_is_escaped() {
        let bytes = BStr::from_bytes(b"a\tb\x00\"\\");
        assert_eq!(
            format!("{}", fmt!("{bytes} {bytes:?}")),
            r#"a\tb\x00"\ "a\tb\x00\"\\""#
        );
    }

    #[test]
    fn parts_are_text_too() {
        let text = b_str!("0x12");
        assert_eq!(&text[2..], b_str!("12"));
        assert_eq!(text.strip_prefix(&b"0x"[..]), Some(b_str!("12")));
        assert_eq!(text.strip_prefix(c"1"), None);
        assert_eq!((text.len(), text.is_empty()), (4, false));
    }
}
