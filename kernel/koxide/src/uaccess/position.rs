// SPDX-License-Identifier: GPL-2.0-only

//! User memory that stands for a part of something: what a read or write at a position of a file is about.

use super::{UserSliceReader, UserSliceWriter};
use crate::error::{Result, code::EINVAL};

impl UserSliceReader {
    /// Reads to `out` from `offset` on, as much as there is and has room: how many bytes.
    ///
    /// # Errors
    ///
    /// As [`read_slice`](Self::read_slice).
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read_slice_partial(&mut self, out: &mut [u8], offset: usize) -> Result<usize> {
        let end = offset.saturating_add(self.len()).min(out.len());
        let Some(part) = out.get_mut(offset..end) else {
            return Ok(0);
        };
        self.read_slice(part)?;
        Ok(part.len())
    }

    /// Reads to `out` from a file's position on, which it moves: how many bytes.
    ///
    /// # Errors
    ///
    /// As [`read_slice`](Self::read_slice), and `EINVAL` for a position before the start.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read_slice_file(&mut self, out: &mut [u8], offset: &mut i64) -> Result<usize> {
        let at = in_memory(*offset)?;
        let read = self.read_slice_partial(out, at)?;
        *offset += read as i64;
        Ok(read)
    }
}

impl UserSliceWriter {
    /// Writes what `data` has from `offset` on, as much as has room: how many bytes.
    ///
    /// # Errors
    ///
    /// As [`write_slice`](Self::write_slice).
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn write_slice_partial(&mut self, data: &[u8], offset: usize) -> Result<usize> {
        let end = offset.saturating_add(self.len()).min(data.len());
        let Some(part) = data.get(offset..end) else {
            return Ok(0);
        };
        self.write_slice(part)?;
        Ok(part.len())
    }

    /// Writes what `data` has from a file's position on, which it moves: how many bytes, 0 at the end.
    ///
    /// # Errors
    ///
    /// As [`write_slice`](Self::write_slice), and `EINVAL` for a position before the start.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn write_slice_file(&mut self, data: &[u8], offset: &mut i64) -> Result<usize> {
        let at = in_memory(*offset)?;
        let written = self.write_slice_partial(data, at)?;
        *offset += written as i64;
        Ok(written)
    }
}

/// Where a file's position is in a buffer: behind all of them, if it is no number of the processor's.
///
/// # Errors
///
/// `EINVAL` if it is before the start.
#[inline]
pub(crate) fn in_memory(offset: i64) -> Result<usize> {
    let at = u64::try_from(offset).map_err(|_| EINVAL)?;
    Ok(usize::try_from(at).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use koxide_abi::host::uaccess::{START, get, set};

    use crate::error::code::EINVAL;
    use crate::uaccess::{UserPtr, UserSlice};

    #[test]
    fn a_position_is_where_the_copy_begins() {
        let user = |len| UserSlice::new(UserPtr::from_addr(START), len);
        set(b"......");
        let mut at = 2;
        assert_eq!(
            user(3).writer().write_slice_file(b"abcdefg", &mut at),
            Ok(3)
        );
        assert_eq!((at, &get()[..6]), (5, &b"cde..."[..]));
        assert_eq!(
            user(6).writer().write_slice_file(b"abcdefg", &mut at),
            Ok(2)
        );
        assert_eq!((at, &get()[..6]), (7, &b"fge..."[..]));
        assert_eq!(
            user(6).writer().write_slice_file(b"abcdefg", &mut at),
            Ok(0)
        );
        let mut out = *b"xxxx";
        let mut at = 3;
        assert_eq!(user(6).reader().read_slice_file(&mut out, &mut at), Ok(1));
        assert_eq!((at, &out), (4, b"xxxf"));
        assert_eq!(user(6).reader().read_slice_file(&mut out, &mut at), Ok(0));
    }

    #[test]
    fn positions_that_no_file_has_are_einval_or_the_end() {
        let user = || UserSlice::new(UserPtr::from_addr(START), 4);
        for (mut at, result) in [
            (-1, Err(EINVAL)),
            (i64::MIN, Err(EINVAL)),
            (i64::MAX, Ok(0)),
        ] {
            assert_eq!(user().writer().write_slice_file(b"ab", &mut at), result);
            assert_eq!(
                user().reader().read_slice_file(&mut [0; 2], &mut at),
                result
            );
        }
    }
}
