// SPDX-License-Identifier: GPL-2.0-only

//! Seeking: include/uapi/linux/fs.h, fs/read_write.c.

use core::ffi::c_int;

use crate::error::{Error, Result, code::EINVAL};

/// From where an `lseek(2)` counts.
///
/// `shims/fs.c` asserts the numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whence {
    /// The file's start: `SEEK_SET`.
    Start = 0,
    /// Where the file is: `SEEK_CUR`.
    Current = 1,
    /// The file's end: `SEEK_END`.
    End = 2,
    /// The next data at or after the offset: `SEEK_DATA`.
    Data = 3,
    /// The next hole at or after the offset: `SEEK_HOLE`.
    Hole = 4,
}

impl TryFrom<c_int> for Whence {
    type Error = Error;

    fn try_from(number: c_int) -> Result<Self> {
        [
            Self::Start,
            Self::Current,
            Self::End,
            Self::Data,
            Self::Hole,
        ]
        .into_iter()
        .find(|whence| *whence as c_int == number)
        .ok_or(EINVAL)
    }
}

/// What an `lseek(2)` asks for.
///
/// # Examples
///
/// ```
/// use kernel::{fs::{Seek, Whence}, prelude::*};
///
/// let back = Seek { offset: -4, whence: Whence::Current, position: 10 };
/// assert_eq!(back.fixed_size(100), Ok(6));
/// let far = Seek { offset: 1, whence: Whence::End, position: 10 };
/// assert_eq!(far.fixed_size(100), Err(EINVAL));
/// assert_eq!(far.unbounded(100), Ok(101));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seek {
    /// How far.
    pub offset: i64,
    /// From where.
    pub whence: Whence,
    /// Where the file is now.
    pub position: i64,
}

impl Seek {
    /// The new position in a file of `size` bytes that does not grow: from 0 to `size`.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a position outside, and for data and holes.
    pub fn fixed_size(self, size: i64) -> Result<i64> {
        self.unbounded(size)
            .and_then(|new| if new <= size { Ok(new) } else { Err(EINVAL) })
    }

    /// The new position in a file that ends at `end`, and can be written beyond it.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a position before the start or one that has no number, and for data and holes.
    pub fn unbounded(self, end: i64) -> Result<i64> {
        let base = match self.whence {
            Whence::Start => 0,
            Whence::Current => self.position,
            Whence::End => end,
            Whence::Data | Whence::Hole => return Err(EINVAL),
        };
        base.checked_add(self.offset)
            .filter(|new| *new >= 0)
            .ok_or(EINVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seek(offset: i64, whence: Whence) -> Seek {
        Seek {
            offset,
            whence,
            position: 5,
        }
    }

    #[test]
    fn a_fixed_size_has_both_ends() {
        assert_eq!(seek(0, Whence::Start).fixed_size(10), Ok(0));
        assert_eq!(seek(10, Whence::Start).fixed_size(10), Ok(10));
        assert_eq!(seek(11, Whence::Start).fixed_size(10), Err(EINVAL));
        assert_eq!(seek(-5, Whence::Current).fixed_size(10), Ok(0));
        assert_eq!(seek(-6, Whence::Current).fixed_size(10), Err(EINVAL));
        assert_eq!(seek(0, Whence::End).fixed_size(10), Ok(10));
        assert_eq!(seek(0, Whence::Data).fixed_size(10), Err(EINVAL));
    }

    #[test]
    fn no_sum_overflows() {
        assert_eq!(seek(i64::MAX, Whence::Current).unbounded(0), Err(EINVAL));
        assert_eq!(seek(i64::MIN, Whence::End).unbounded(0), Err(EINVAL));
        assert_eq!(seek(i64::MAX, Whence::Start).unbounded(0), Ok(i64::MAX));
    }

    #[test]
    fn other_numbers_are_no_whence() {
        assert_eq!(Whence::try_from(2), Ok(Whence::End));
        assert_eq!(Whence::try_from(5), Err(EINVAL));
        assert_eq!(Whence::try_from(-1), Err(EINVAL));
    }
}
