// SPDX-License-Identifier: GPL-2.0-only

//! Formatting into memory that is there.

use core::ops::Deref;

use crate::fmt::{self, Line, Write};

/// Formats into a buffer, and fails when that is full.
///
/// # Examples
///
/// ```
/// use kernel::{fmt::Write, prelude::*, str::Formatter};
///
/// let mut room = [0; 8];
/// let mut text = Formatter::new(&mut room);
/// text.write_fmt(fmt!("{}-{}", 1, c"a"))?;
/// assert_eq!(text.bytes_written(), 3);
/// assert!(text.write_str("far too long").is_err());
/// assert_eq!(&room, b"1-afar t");
/// # Ok::<(), Error>(())
/// ```
pub struct Formatter<'a>(RawFormatter<'a>);

/// Formats into a buffer, and drops what does not fit. A [`Formatter`] has one.
pub struct RawFormatter<'a>(Line<'a>);

impl<'a> Formatter<'a> {
    /// Writes from the start of a buffer.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self(RawFormatter(Line::new(buffer)))
    }
}

impl RawFormatter<'_> {
    /// How many bytes were to be written so far, those included that did not fit.
    pub fn bytes_written(&self) -> usize {
        self.0.wanted()
    }
}

impl Write for RawFormatter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)
    }
}

impl<'a> Deref for Formatter<'a> {
    type Target = RawFormatter<'a>;

    fn deref(&self) -> &RawFormatter<'a> {
        &self.0
    }
}

impl Write for Formatter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write_str(text)?;
        if self.0.0.is_whole() {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// Formats into a buffer, with a NUL after what was written.
///
/// # Invariants
///
/// The buffer has a NUL at its first byte.
pub struct NullTerminatedFormatter<'a> {
    buffer: &'a mut [u8],
}

impl<'a> NullTerminatedFormatter<'a> {
    /// Writes from the start of a buffer; nothing if there is no room for the NUL.
    pub fn new(buffer: &'a mut [u8]) -> Option<Self> {
        *buffer.first_mut()? = 0;
        // INVARIANT: just written.
        Some(Self { buffer })
    }
}

impl Write for NullTerminatedFormatter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The buffer has one byte more than it has room.
        if text.len() >= self.buffer.len() {
            return Err(fmt::Error);
        }
        let (written, rest) = core::mem::take(&mut self.buffer).split_at_mut(text.len());
        written.copy_from_slice(text.as_bytes());
        rest[0] = 0;
        // INVARIANT: just written.
        self.buffer = rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_with_a_nul() {
        let mut room = [b'x'; 6];
        let mut text = NullTerminatedFormatter::new(&mut room).unwrap();
        text.write_str("abc").unwrap();
        text.write_str("de").unwrap();
        assert!(text.write_str("f").is_err());
        assert!(text.write_str("").is_ok());
        assert_eq!(&room, b"abcde\0");
        assert!(NullTerminatedFormatter::new(&mut []).is_none());
    }
}
