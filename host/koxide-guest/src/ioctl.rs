// SPDX-License-Identifier: MIT OR Apache-2.0

//! `ioctl(2)`: request numbers, and requests with nothing, a value, a buffer or a bad pointer.

use std::fs::File;

use nix::sys::mman::ProtFlags;

use crate::sys::{self, Harmless, Pages};
use crate::{BadPointer, Errno, compat};

const NONE: u32 = 0;
const WRITE: u32 = 1;
const READ: u32 = 2;

const fn request(direction: u32, kind: u8, number: u8, size: usize) -> u32 {
    assert!(size < 1 << 14, "an ioctl's argument is smaller than 16 KiB");
    direction << 30 | (size as u32) << 16 | (kind as u32) << 8 | number as u32
}

/// The number of a request without an argument: C's `_IO`.
pub const fn io(kind: u8, number: u8) -> u32 {
    request(NONE, kind, number, 0)
}

/// The number of a request that returns a `T`: C's `_IOR`.
pub const fn ior<T>(kind: u8, number: u8) -> u32 {
    request(READ, kind, number, size_of::<T>())
}

/// The number of a request that takes a `T`: C's `_IOW`.
pub const fn iow<T>(kind: u8, number: u8) -> u32 {
    request(WRITE, kind, number, size_of::<T>())
}

/// The number of a request that takes and returns a `T`: C's `_IOWR`.
pub const fn iowr<T>(kind: u8, number: u8) -> u32 {
    request(READ | WRITE, kind, number, size_of::<T>())
}

/// The size of the argument that a request's number tells.
pub const fn size(request: u32) -> usize {
    (request >> 16 & 0x3fff) as usize
}

/// Whether a request's number tells that its argument points to something.
pub const fn has_argument(request: u32) -> bool {
    request >> 30 != NONE
}

/// Makes a request without an argument.
///
/// # Errors
/// The errno that the driver returned.
pub fn none(file: &File, request: u32) -> Result<i32, Errno> {
    sys::ioctl_value(file, request, 0)
}

/// Makes a request whose argument is a number in itself.
///
/// # Errors
/// The errno that the driver returned.
pub fn value(file: &File, request: u32, argument: usize) -> Result<i32, Errno> {
    sys::ioctl_value(file, request, argument)
}

/// Makes a request as a 32-bit program does, with a number for its argument.
///
/// # Errors
/// The errno that the driver returned; `ENOSYS` on a machine that runs no 32-bit programs beside its own.
pub fn compat(file: &File, request: u32, argument: u32) -> Result<i32, Errno> {
    compat::ioctl(file, request, argument)
}

/// Makes a request whose argument points to `buffer`, and reads it back.
///
/// The bytes end where a page without access begins: a driver that goes too far gets `EFAULT` and harms nobody.
///
/// # Errors
/// The errno that the driver returned.
pub fn bytes(file: &File, request: u32, buffer: &mut [u8]) -> Result<i32, Errno> {
    let mut argument = Argument::new(buffer)?;
    let value = argument.request(file, request)?;
    buffer.copy_from_slice(&argument.read());
    Ok(value)
}

/// What a request's argument points to, kept from one request to the next.
///
/// As with [`bytes`], a page without access begins where it ends.
#[derive(Debug)]
pub struct Argument {
    pages: Pages,
    length: usize,
}

impl Argument {
    /// These bytes.
    ///
    /// # Errors
    /// `ENOMEM` when there is no memory for them.
    pub fn new(bytes: &[u8]) -> Result<Self, Errno> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let mut pages = Pages::new(bytes.len().max(1), access)?;
        pages.copy_in(bytes.len(), bytes);
        let length = bytes.len();
        Ok(Self { pages, length })
    }

    /// Makes a request.
    ///
    /// # Errors
    /// The errno that the driver returned.
    pub fn request(&mut self, file: &File, request: u32) -> Result<i32, Errno> {
        sys::ioctl_at(
            file,
            request,
            Harmless::before_end(&self.pages, self.length),
        )
    }

    /// The bytes as the last request left them.
    pub fn read(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        self.pages.copy_out(self.length, &mut bytes);
        bytes
    }
}

/// Makes a request whose argument points to an `i32`, and returns that number as the driver left it.
///
/// # Errors
/// The errno that the driver returned.
pub fn with_i32(file: &File, request: u32, argument: i32) -> Result<i32, Errno> {
    let mut buffer = argument.to_ne_bytes();
    bytes(file, request, &mut buffer)?;
    Ok(i32::from_ne_bytes(buffer))
}

/// Makes a request whose argument points where the driver cannot read or write.
///
/// # Errors
/// The errno that the driver returned: `EFAULT` from one that does its work.
pub fn bad_pointer(file: &File, request: u32, pointer: BadPointer) -> Result<i32, Errno> {
    pointer.with(|address| sys::ioctl_at(file, request, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_c_macros() {
        assert_eq!(io(b'|', 0x80), 0x7c80);
        assert_eq!(iow::<i32>(b'|', 0x81), 0x4004_7c81);
        assert_eq!(ior::<i32>(b'|', 0x82), 0x8004_7c82);
        assert_eq!(iowr::<u64>(b'|', 1), 0xc008_7c01);
        assert_eq!(size(iow::<i32>(b'|', 0x81)), 4);
        assert!(has_argument(ior::<i32>(b'|', 0x82)) && !has_argument(io(b'|', 0x80)));
    }
}
