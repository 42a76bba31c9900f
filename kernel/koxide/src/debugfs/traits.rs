// SPDX-License-Identifier: GPL-2.0-only

//! What a value in debugfs can do: be shown, be parsed, be read and written as bytes.

use core::fmt;
use core::pin::Pin;
use core::str::FromStr;

use crate::alloc::{Allocator, Box, Vec};
use crate::error::{Result, code::EINVAL};
use crate::sync::atomic::{Atomic, AtomicType, Relaxed};
use crate::sync::{Arc, Mutex};
use crate::transmute::{AsBytes, FromBytes};
use crate::uaccess::{UserSliceReader, UserSliceWriter};

/// Values that a file shows as text: all that have [`Debug`](fmt::Debug), as a line, and mutexes around such.
pub trait Writer {
    /// Writes the text.
    ///
    /// # Errors
    ///
    /// The formatter's; the text then ends where it is.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T: Writer> Writer for Mutex<T> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().write(f)
    }
}

impl<T: fmt::Debug> Writer for T {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{self:?}")
    }
}

/// Values that take what is written to a file as text: mutexes around what can be parsed, and atomic numbers.
pub trait Reader {
    /// Reads the text and takes it.
    ///
    /// # Errors
    ///
    /// `EINVAL` when it is too long or does not parse, `EFAULT` when it is not readable.
    fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result;
}

impl<T: FromStr + Unpin> Reader for Mutex<T> {
    fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result {
        let value = parse::<T, 128>(reader)?;
        *self.lock() = value;
        Ok(())
    }
}

impl<T: AtomicType + FromStr> Reader for Atomic<T> {
    fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result {
        self.store(parse::<T, 24>(reader)?, Relaxed);
        Ok(())
    }
}

macro_rules! atomics {
    ($($atomic:ident)*) => {$(
        impl Reader for core::sync::atomic::$atomic {
            fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result {
                self.store(parse::<_, 24>(reader)?, core::sync::atomic::Ordering::Relaxed);
                Ok(())
            }
        }
    )*};
}

atomics!(AtomicBool AtomicI8 AtomicU8 AtomicI16 AtomicU16 AtomicI32 AtomicU32 AtomicI64 AtomicU64 AtomicIsize AtomicUsize);

/// Reads text of at most `N` bytes and parses it, without the white space around it.
pub(super) fn parse<T: FromStr, const N: usize>(reader: &mut UserSliceReader) -> Result<T> {
    let mut text = [0; N];
    let text = text.get_mut(..reader.len()).ok_or(EINVAL)?;
    reader.read_slice(text)?;
    let text = core::str::from_utf8(text)?.trim();
    text.parse().map_err(|_| EINVAL)
}

/// Values that a file shows as bytes: plain bytes, in vectors, boxes, [`Arc`]s and mutexes.
pub trait BinaryWriter {
    /// Writes what there is from `offset` on, and moves it: how many bytes, 0 at the end.
    ///
    /// # Errors
    ///
    /// `EFAULT` when the user's memory is not writable.
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize>;
}

impl<T: AsBytes> BinaryWriter for T {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        writer.write_slice_file(self.as_bytes(), offset)
    }
}

impl<T: BinaryWriter> BinaryWriter for Mutex<T> {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        self.lock().write_to_slice(writer, offset)
    }
}

impl<T: ?Sized + BinaryWriter, A: Allocator> BinaryWriter for Box<T, A> {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        (**self).write_to_slice(writer, offset)
    }
}

impl<T: ?Sized + BinaryWriter, A: Allocator> BinaryWriter for Pin<Box<T, A>> {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        (**self).write_to_slice(writer, offset)
    }
}

impl<T: ?Sized + BinaryWriter> BinaryWriter for Arc<T> {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        (**self).write_to_slice(writer, offset)
    }
}

impl<T: AsBytes, A: Allocator> BinaryWriter for Vec<T, A> {
    fn write_to_slice(&self, writer: &mut UserSliceWriter, offset: &mut i64) -> Result<usize> {
        writer.write_slice_file(self.as_slice().as_bytes(), offset)
    }
}

/// Values that are written as bytes by who has them to himself: plain bytes, in vectors and boxes.
pub trait BinaryReaderMut {
    /// Takes bytes from `offset` on, as many as have room, and moves it: how many.
    ///
    /// # Errors
    ///
    /// `EFAULT` when the user's memory is not readable.
    fn read_from_slice_mut(
        &mut self,
        reader: &mut UserSliceReader,
        offset: &mut i64,
    ) -> Result<usize>;
}

impl<T: FromBytes + AsBytes> BinaryReaderMut for T {
    fn read_from_slice_mut(
        &mut self,
        reader: &mut UserSliceReader,
        offset: &mut i64,
    ) -> Result<usize> {
        reader.read_slice_file(self.as_bytes_mut(), offset)
    }
}

impl<T: ?Sized + BinaryReaderMut, A: Allocator> BinaryReaderMut for Box<T, A> {
    fn read_from_slice_mut(
        &mut self,
        reader: &mut UserSliceReader,
        offset: &mut i64,
    ) -> Result<usize> {
        (**self).read_from_slice_mut(reader, offset)
    }
}

impl<T: FromBytes + AsBytes, A: Allocator> BinaryReaderMut for Vec<T, A> {
    fn read_from_slice_mut(
        &mut self,
        reader: &mut UserSliceReader,
        offset: &mut i64,
    ) -> Result<usize> {
        reader.read_slice_file(self.as_mut_slice().as_bytes_mut(), offset)
    }
}

/// Values that are written as bytes while others see them: mutexes around such, in boxes and [`Arc`]s.
pub trait BinaryReader {
    /// Takes bytes from `offset` on, as many as have room, and moves it: how many.
    ///
    /// # Errors
    ///
    /// `EFAULT` when the user's memory is not readable.
    fn read_from_slice(&self, reader: &mut UserSliceReader, offset: &mut i64) -> Result<usize>;
}

impl<T: BinaryReaderMut + Unpin> BinaryReader for Mutex<T> {
    fn read_from_slice(&self, reader: &mut UserSliceReader, offset: &mut i64) -> Result<usize> {
        self.lock().read_from_slice_mut(reader, offset)
    }
}

impl<T: ?Sized + BinaryReader, A: Allocator> BinaryReader for Box<T, A> {
    fn read_from_slice(&self, reader: &mut UserSliceReader, offset: &mut i64) -> Result<usize> {
        (**self).read_from_slice(reader, offset)
    }
}

impl<T: ?Sized + BinaryReader, A: Allocator> BinaryReader for Pin<Box<T, A>> {
    fn read_from_slice(&self, reader: &mut UserSliceReader, offset: &mut i64) -> Result<usize> {
        (**self).read_from_slice(reader, offset)
    }
}

impl<T: ?Sized + BinaryReader> BinaryReader for Arc<T> {
    fn read_from_slice(&self, reader: &mut UserSliceReader, offset: &mut i64) -> Result<usize> {
        (**self).read_from_slice(reader, offset)
    }
}
