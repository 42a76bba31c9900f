// SPDX-License-Identifier: GPL-2.0-only

//! Text in a fixed room.

use super::{Arguments, Result, Write};

/// Text in a fixed room: what does not fit is counted and dropped.
pub(crate) struct Line<'a> {
    room: &'a mut [u8],
    wanted: usize,
}

impl<'a> Line<'a> {
    /// An empty line.
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        Self { room, wanted: 0 }
    }

    /// Formats `args` into a room: the text, or how long it would have been.
    ///
    /// An error of a `Display` implementation ends the text.
    pub(crate) fn format(
        room: &'a mut [u8],
        args: Arguments<'_>,
    ) -> core::result::Result<&'a [u8], usize> {
        let mut line = Self::new(room);
        let _ = line.write_fmt(args);
        let Self { room, wanted } = line;
        room.get(..wanted).ok_or(wanted)
    }

    /// How many bytes were to be written so far.
    pub(crate) fn wanted(&self) -> usize {
        self.wanted
    }

    /// Whether all of them were.
    pub(crate) fn is_whole(&self) -> bool {
        self.wanted <= self.room.len()
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let free = self.room.get_mut(self.wanted..).unwrap_or_default();
        let fits = free.len().min(bytes.len());
        free[..fits].copy_from_slice(&bytes[..fits]);
        self.wanted = self.wanted.saturating_add(bytes.len());
    }

    /// What is there.
    #[cfg(any(koxide_values, test))]
    pub(crate) fn into_text(self) -> &'a [u8] {
        let Self { room, wanted } = self;
        room.get(..wanted).unwrap_or(room)
    }
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::fmt::Write as _;

    use super::*;

    #[test]
    fn text_that_fits_is_there() {
        let mut room = [0; 8];
        assert_eq!(
            Line::format(&mut room, format_args!("{}-{}", 12, "abc")),
            Ok(&b"12-abc"[..])
        );
        assert_eq!(
            Line::format(&mut room, format_args!("{:>8}", 1)),
            Ok(&b"       1"[..])
        );
    }

    #[test]
    fn text_that_does_not_fit_is_measured() {
        let mut room = [0; 4];
        assert_eq!(
            Line::format(&mut room, format_args!("{}{}{}", "abc", "def", 7)),
            Err(7)
        );
        let mut line = Line::new(&mut room);
        let _ = line.write_fmt(format_args!("{}{}", "abc", "def"));
        assert_eq!(line.into_text(), b"abcd");
    }

    #[test]
    fn no_room_is_a_room_too() {
        assert_eq!(Line::format(&mut [], format_args!("{}", 1)), Err(1));
        assert_eq!(Line::format(&mut [], format_args!("{}", "")), Ok(&b""[..]));
    }
}
