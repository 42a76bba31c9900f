// SPDX-License-Identifier: MIT OR Apache-2.0

//! Pointers that are bad on purpose, and buffers that end at a page without access.

use std::fs::File;

use nix::sys::mman::ProtFlags;

use crate::Errno;
use crate::sys::{self, Harmless, Pages, page};

/// A pointer that a driver must answer with `EFAULT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPointer {
    /// The null pointer.
    Null,
    /// A page of this process without any access.
    NoAccess,
    /// A page of this process that can be read but not written: bad for what the driver writes only.
    ReadOnly,
    /// An address of the kernel's own half.
    Kernel,
    /// The last address there is.
    Top,
}

impl BadPointer {
    /// All that are bad for reading and for writing.
    pub const ALL: [Self; 4] = [Self::Null, Self::NoAccess, Self::Kernel, Self::Top];

    pub(crate) fn with<T>(self, f: impl FnOnce(Harmless) -> Result<T, Errno>) -> Result<T, Errno> {
        match self {
            Self::Null => f(Harmless::NULL),
            Self::Kernel => f(Harmless::KERNEL),
            Self::Top => f(Harmless::TOP),
            Self::NoAccess => {
                let pages = Pages::new(0, ProtFlags::PROT_NONE)?;
                f(Harmless::before_end(&pages, 0))
            }
            Self::ReadOnly => {
                let pages = Pages::new(page(), ProtFlags::PROT_READ)?;
                f(Harmless::before_end(&pages, page()))
            }
        }
    }

    /// Reads `length` bytes of `file` to this pointer.
    ///
    /// # Errors
    /// The errno that the driver returned: `EFAULT` from one that does its work.
    pub fn read(self, file: &File, length: usize) -> Result<usize, Errno> {
        self.with(|address| sys::read(file, address, length))
    }

    /// Writes `length` bytes from this pointer to `file`.
    ///
    /// # Errors
    /// The errno that the driver returned: `EFAULT` from one that does its work.
    pub fn write(self, file: &File, length: usize) -> Result<usize, Errno> {
        self.with(|address| sys::write(file, address, length))
    }
}

/// A length that no buffer has: two gigabytes, or the most that a program may claim where lengths have 32 bits.
pub const HUGE: usize = match usize::BITS {
    32 => i32::MAX as usize,
    _ => 1 << 31,
};

/// A buffer that ends exactly where a page without access begins: what goes past its end gets `EFAULT`.
#[derive(Debug)]
pub struct Guarded {
    pages: Pages,
    length: usize,
}

impl Guarded {
    /// A buffer of `length` zero bytes.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn new(length: usize) -> Result<Self, Errno> {
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let pages = Pages::new(length.max(1), access)?;
        Ok(Self { pages, length })
    }

    /// Reads from `file`, telling the driver that there is room for `claimed` bytes, however many there are.
    ///
    /// # Errors
    /// The errno that the driver returned.
    pub fn read(&mut self, file: &File, claimed: usize) -> Result<usize, Errno> {
        sys::read(
            file,
            Harmless::before_end(&self.pages, self.length),
            claimed,
        )
    }

    /// Writes to `file`, telling the driver that there are `claimed` bytes, however many there are.
    ///
    /// # Errors
    /// The errno that the driver returned.
    pub fn write(&self, file: &File, claimed: usize) -> Result<usize, Errno> {
        sys::write(
            file,
            Harmless::before_end(&self.pages, self.length),
            claimed,
        )
    }

    /// The bytes in the buffer.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        self.pages.copy_out(self.length, &mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_pointer_is_refused_by_the_kernel() {
        let zero = File::open("/dev/zero").unwrap();
        for pointer in [&BadPointer::ALL[..], &[BadPointer::ReadOnly]].concat() {
            assert_eq!(pointer.read(&zero, 1), Err(Errno::EFAULT), "{pointer:?}");
        }
    }

    #[test]
    fn a_guarded_buffer_ends_where_it_says() {
        let zero = File::open("/dev/zero").unwrap();
        let mut buffer = Guarded::new(10).unwrap();
        assert_eq!(buffer.read(&zero, 10), Ok(10));
        // The kernel clears what fits and tells how much that was.
        assert!(buffer.read(&zero, 10_000).is_ok_and(|read| read <= 10));
        assert!(buffer.read(&zero, HUGE).is_ok_and(|read| read <= 10));
        assert_eq!(buffer.to_vec(), [0; 10]);
    }
}
