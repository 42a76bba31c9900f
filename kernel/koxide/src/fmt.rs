// SPDX-License-Identifier: GPL-2.0-only

//! Formatting.
//!
//! Text is always formatted in the module itself: the kernel's own `%pA` knows the layout of another compiler's
//! arguments, or none.

pub use core::fmt::{
    Arguments, Debug, Display, Error, Formatter, LowerHex, Result, UpperHex, Write,
};

/// Arguments of a format string, to be formatted where they are used.
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
#[macro_export]
macro_rules! fmt {
    ($($args:tt)*) => { ::core::format_args!($($args)*) };
}

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

    /// What is there so far.
    #[cfg_attr(
        not(target_os = "none"),
        allow(dead_code, reason = "the panic handler uses it")
    )]
    pub(crate) fn text(&self) -> &[u8] {
        &self.room[..self.wanted.min(self.room.len())]
    }
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> Result {
        let free = self.room.get_mut(self.wanted..).unwrap_or_default();
        let fits = free.len().min(text.len());
        free[..fits].copy_from_slice(&text.as_bytes()[..fits]);
        self.wanted = self.wanted.saturating_add(text.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(line.text(), b"abcd");
    }

    #[test]
    fn no_room_is_a_room_too() {
        assert_eq!(Line::format(&mut [], format_args!("{}", 1)), Err(1));
        assert_eq!(Line::format(&mut [], format_args!("{}", "")), Ok(&b""[..]));
    }
}
