// SPDX-License-Identifier: GPL-2.0-only

//! The ways to read a file, and those to write one. A file has one of each.

use core::fmt;
use core::marker::PhantomData;

use super::callback::function;
use super::traits::{BinaryReader, BinaryWriter, Reader, Writer};
use crate::error::{Result, code::EIO};
use crate::uaccess::{UserSliceReader, UserSliceWriter};

/// A way to read a file.
pub(super) trait Read: 'static {
    /// What the file is about.
    type Data: Sync + 'static;
    /// The permission bits.
    const MODE: u16;
    /// Whether [`show`](Self::show) makes the content, as text.
    const SHOWS: bool = false;
    /// Whether [`read`](Self::read) reads bytes.
    const READS: bool = false;

    /// Makes the content.
    fn show(_data: &Self::Data, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }

    /// Reads at a position.
    fn read(_data: &Self::Data, _to: &mut UserSliceWriter, _pos: &mut i64) -> Result<usize> {
        Err(EIO)
    }
}

/// A way to write a file.
pub(super) trait Write: 'static {
    /// What the file is about.
    type Data: Sync + 'static;
    /// The permission bits: none for a file that cannot be written.
    const MODE: u16;

    /// Writes at a position: how many bytes were taken.
    fn write(data: &Self::Data, from: &mut UserSliceReader, pos: &mut i64) -> Result<usize>;
}

/// A file that cannot be read, or not be written.
pub(super) struct Not<T>(PhantomData<T>);

impl<T: Sync + 'static> Read for Not<T> {
    type Data = T;
    const MODE: u16 = 0;
}

impl<T: Sync + 'static> Write for Not<T> {
    type Data = T;
    const MODE: u16 = 0;

    fn write(_data: &T, _from: &mut UserSliceReader, _pos: &mut i64) -> Result<usize> {
        Err(EIO)
    }
}

/// Text that the value itself writes or reads.
pub(super) struct Text<T>(PhantomData<T>);

impl<T: Writer + Sync + 'static> Read for Text<T> {
    type Data = T;
    const MODE: u16 = 0o400;
    const SHOWS: bool = true;

    fn show(data: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        data.write(f)
    }
}

impl<T: Reader + Sync + 'static> Write for Text<T> {
    type Data = T;
    const MODE: u16 = 0o200;

    fn write(data: &T, from: &mut UserSliceReader, _pos: &mut i64) -> Result<usize> {
        let len = from.len();
        data.read_from_slice(from)?;
        Ok(len)
    }
}

/// Bytes that the value itself writes or reads.
pub(super) struct Bytes<T>(PhantomData<T>);

impl<T: BinaryWriter + Sync + 'static> Read for Bytes<T> {
    type Data = T;
    const MODE: u16 = 0o400;
    const READS: bool = true;

    fn read(data: &T, to: &mut UserSliceWriter, pos: &mut i64) -> Result<usize> {
        data.write_to_slice(to, pos)
    }
}

impl<T: BinaryReader + Sync + 'static> Write for Bytes<T> {
    type Data = T;
    const MODE: u16 = 0o200;

    fn write(data: &T, from: &mut UserSliceReader, pos: &mut i64) -> Result<usize> {
        data.read_from_slice(from, pos)
    }
}

/// Text that a function writes or reads.
pub(super) struct Callback<T, F>(PhantomData<(T, F)>);

impl<T, F> Read for Callback<T, F>
where
    T: Sync + 'static,
    F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + 'static,
{
    type Data = T;
    const MODE: u16 = 0o400;
    const SHOWS: bool = true;

    fn show(data: &T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        function::<F>()(data, f)
    }
}

/// Text that a function reads. Its own type, for a function may take other arguments, too.
pub(super) struct Taken<T, W>(PhantomData<(T, W)>);

impl<T, W> Write for Taken<T, W>
where
    T: Sync + 'static,
    W: Fn(&T, &mut UserSliceReader) -> Result + 'static,
{
    type Data = T;
    const MODE: u16 = 0o200;

    fn write(data: &T, from: &mut UserSliceReader, _pos: &mut i64) -> Result<usize> {
        let len = from.len();
        function::<W>()(data, from)?;
        Ok(len)
    }
}
