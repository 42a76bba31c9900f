// SPDX-License-Identifier: GPL-2.0-only

//! The buffers of reads and writes: include/linux/uio.h, lib/iov_iter.c.

#![allow(unsafe_code, reason = "the C edge of I/O buffers")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crate::alloc::{Allocator, Flags, Vec};
use crate::error::{Result, code::EFAULT};
use crate::types::NotThreadSafe;

/// The kernel warns of more bytes at once, and no read or write has more.
const MOST: usize = i32::MAX as usize;

/// Has the kernel look whether bytes that go to or come from user space are of one object (`CONFIG_HARDENED_USERCOPY`).
///
/// As in C, a length that the compiler knows is not looked at: the type of the bytes says as much.
#[inline(always)]
fn check_object_size(object: *const c_void, len: usize, to_user: bool) {
    if !core::intrinsics::is_val_statically_known(len) {
        // SAFETY: there is no contract.
        unsafe { koxide_abi::kx_check_object_size(object, len, to_user) };
    }
}

/// Where the data of a write comes from.
///
/// # Invariants
///
/// It is an `iov_iter` that is a source, whose memory is valid for `'data`, and that nobody else uses.
pub struct IovIterSource<'data> {
    iov: NonNull<koxide_abi::types::iov_iter>,
    _borrows: PhantomData<&'data mut [u8]>,
    _not_send: NotThreadSafe,
}

/// Where the data of a read goes.
///
/// # Invariants
///
/// It is an `iov_iter` that is a destination, whose memory is valid for `'data`, and that nobody else uses.
pub struct IovIterDest<'data> {
    iov: NonNull<koxide_abi::types::iov_iter>,
    _borrows: PhantomData<&'data mut [u8]>,
    _not_send: NotThreadSafe,
}

/// The methods that both have.
macro_rules! common {
    ($name:ident) => {
        impl $name<'_> {
            /// The iterator at an address.
            ///
            /// # Safety
            ///
            /// It fulfils the invariants.
            pub(crate) unsafe fn from_raw(iov: NonNull<koxide_abi::types::iov_iter>) -> Self {
                // INVARIANT: as the caller promises.
                Self {
                    iov,
                    _borrows: PhantomData,
                    _not_send: NotThreadSafe,
                }
            }

            /// How many bytes are left.
            pub fn len(&self) -> usize {
                // SAFETY: by the invariant nobody else uses the iterator.
                let len = unsafe { koxide_abi::kx_iov_iter_count(self.iov.as_ptr()) };
                // Who says how many of them were read need not check that the number has a sign.
                // SAFETY: there is no more memory, and the kernel refuses reads and writes of more.
                unsafe { core::hint::assert_unchecked(len <= isize::MAX as usize) };
                len
            }

            /// Whether no bytes are left.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Skips bytes, at most what is left.
            pub fn advance(&mut self, bytes: usize) {
                // SAFETY: by the invariant nobody else uses the iterator.
                unsafe { koxide_abi::kx_iov_iter_advance(self.iov.as_ptr(), bytes) };
            }

            /// Goes back.
            ///
            /// # Safety
            ///
            /// The iterator was moved forward by at least so many bytes.
            pub unsafe fn revert(&mut self, bytes: usize) {
                // SAFETY: by the invariant nobody else uses the iterator, and the caller promises the rest.
                unsafe { koxide_abi::kx_iov_iter_revert(self.iov.as_ptr(), bytes) };
            }
        }
    };
}

common!(IovIterSource);
common!(IovIterDest);

impl IovIterSource<'_> {
    /// Copies to `out`; says how many bytes. Fewer than there was room for means the end, or a bad address.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn copy_from_iter(&mut self, out: &mut [u8]) -> usize {
        // SAFETY: bytes that are initialised may be seen as bytes that need not be, and only bytes are written.
        let out = unsafe { &mut *(core::ptr::from_mut(out) as *mut [MaybeUninit<u8>]) };
        self.copy_from_iter_raw(out).len()
    }

    /// Adds all that is left to a vector; says how many bytes.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory for them, `EFAULT` when nothing could be copied of what is there.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn copy_from_iter_vec<A: Allocator>(
        &mut self,
        out: &mut Vec<u8, A>,
        flags: Flags,
    ) -> Result<usize> {
        let len = self.len();
        if len == 0 {
            return Ok(0);
        }
        if out.capacity() == 0 {
            // Mostly so, and mostly the compiler sees it.
            *out = Vec::with_capacity(len, flags)?;
        }
        out.reserve(len, flags)?;
        let copied = self
            .copy_from_iter_raw(&mut out.spare_capacity_mut()[..len])
            .len();
        if copied == 0 {
            return Err(EFAULT);
        }
        // SAFETY: so many bytes of the room were just written.
        unsafe { out.inc_len(copied) };
        Ok(copied)
    }

    /// Copies to room that need not be initialised; gives what was copied.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn copy_from_iter_raw<'out>(&mut self, out: &'out mut [MaybeUninit<u8>]) -> &'out mut [u8] {
        let (to, len) = (out.as_mut_ptr().cast(), out.len().min(MOST));
        check_object_size(to, len, false);
        // SAFETY: by the invariant nobody else uses the iterator, which is a source; the room is writable.
        let copied = unsafe { koxide_abi::kx_copy_from_iter(to, len, self.iov.as_ptr()) };
        // SAFETY: it is at most the length that the shim was given.
        unsafe { core::hint::assert_unchecked(copied <= len) };
        let written = &mut out[..copied];
        // SAFETY: these bytes were just written.
        unsafe { &mut *(core::ptr::from_mut(written) as *mut [u8]) }
    }
}

impl IovIterDest<'_> {
    /// Copies from `input`; says how many bytes. Fewer than were there means that there is no more room, or a bad address.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn copy_to_iter(&mut self, input: &[u8]) -> usize {
        let (from, len) = (input.as_ptr().cast(), input.len().min(MOST));
        check_object_size(from, len, true);
        // SAFETY: by the invariant nobody else uses the iterator, which is a destination; the bytes are readable.
        let copied = unsafe { koxide_abi::kx_copy_to_iter(from, len, self.iov.as_ptr()) };
        // Who adds the bytes up, or goes on behind them, needs no check of its own.
        // SAFETY: it is at most the length that the shim was given.
        unsafe { core::hint::assert_unchecked(copied <= input.len()) };
        copied
    }

    /// Writes zeros; says how many bytes. Fewer than `len` means that there is no more room, or a bad address.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn zero(&mut self, len: usize) -> usize {
        // SAFETY: by the invariant nobody else uses the iterator, which is a destination.
        let written = unsafe { koxide_abi::kx_iov_iter_zero(len, self.iov.as_ptr()) };
        // SAFETY: it is at most what was asked for.
        unsafe { core::hint::assert_unchecked(written <= len) };
        written
    }

    /// Answers a read at position `ppos` of something whose whole content is `contents`, and moves the position on.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a negative position, `EFAULT` when nothing could be copied of what is there.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn simple_read_from_buffer(&mut self, ppos: &mut i64, contents: &[u8]) -> Result<usize> {
        let Some(rest) = contents.get(crate::uaccess::in_memory(*ppos)?..) else {
            return Ok(0);
        };
        let wanted = rest.len().min(self.len());
        let copied = self.copy_to_iter(&rest[..wanted]);
        if copied == 0 && wanted != 0 {
            return Err(EFAULT);
        }
        // A slice is not longer than `i64::MAX`, and the new position is within it.
        *ppos += copied as i64;
        Ok(copied)
    }
}

#[cfg(test)]
mod tests {
    use koxide_abi::host::iov::Iov;

    use super::*;
    use crate::prelude::*;

    fn dest(iov: &mut Iov) -> IovIterDest<'_> {
        // SAFETY: the iterator is the host's, is used as a destination and borrowed.
        unsafe { IovIterDest::from_raw(NonNull::new(iov.as_raw()).unwrap()) }
    }

    fn source(iov: &mut Iov) -> IovIterSource<'_> {
        // SAFETY: the iterator is the host's, is used as a source and borrowed.
        unsafe { IovIterSource::from_raw(NonNull::new(iov.as_raw()).unwrap()) }
    }

    #[test]
    fn reads_go_on_where_the_last_one_ended() {
        let mut pos = 0;
        let mut read = |len| {
            let mut iov = Iov::new(&[0; 8][..len]);
            let count = dest(&mut iov).simple_read_from_buffer(&mut pos, b"abcde");
            (count, iov.good)
        };
        assert_eq!(read(3), (Ok(3), b"abc".to_vec()));
        assert_eq!(read(0), (Ok(0), b"".to_vec()));
        assert_eq!(read(4), (Ok(2), b"de\0\0".to_vec()));
        assert_eq!(read(4), (Ok(0), b"\0\0\0\0".to_vec()));
        assert_eq!(pos, 5);
    }

    #[test]
    fn positions_out_of_range_read_nothing() {
        for (mut pos, expected) in [
            (-1, Err(EINVAL)),
            (i64::MIN, Err(EINVAL)),
            (i64::MAX, Ok(0)),
        ] {
            let mut iov = Iov::new(&[0; 4]);
            assert_eq!(
                dest(&mut iov).simple_read_from_buffer(&mut pos, b"abc"),
                expected
            );
        }
    }

    #[test]
    fn a_buffer_that_is_bad_from_its_start_is_efault() {
        let mut bad = Iov {
            good: std::vec![],
            len: 4,
            at: 0,
        };
        let mut pos = 0;
        assert_eq!(
            dest(&mut bad).simple_read_from_buffer(&mut pos, b"abc"),
            Err(EFAULT)
        );
        assert_eq!(pos, 0);
        let mut taken = KVec::new();
        assert_eq!(
            source(&mut bad).copy_from_iter_vec(&mut taken, GFP_KERNEL),
            Err(EFAULT)
        );
        assert!(taken.is_empty());
    }

    #[test]
    fn a_buffer_that_ends_too_early_is_used_up_to_its_end() {
        let mut iov = Iov {
            good: b"ab".to_vec(),
            len: 4,
            at: 0,
        };
        let mut taken = KVec::new();
        taken.push(b'>', GFP_KERNEL).unwrap();
        assert_eq!(
            source(&mut iov).copy_from_iter_vec(&mut taken, GFP_KERNEL),
            Ok(2)
        );
        assert_eq!(taken, b">ab");
        assert_eq!(source(&mut iov).len(), 2);
    }

    #[test]
    fn zeros_are_written_up_to_the_end() {
        let mut iov = Iov::new(b"abcd");
        let mut to = dest(&mut iov);
        assert_eq!((to.zero(1), to.copy_to_iter(b"x"), to.zero(9)), (1, 1, 2));
        assert_eq!(iov.good, b"\0x\0\0");
    }

    #[test]
    fn skipped_bytes_are_not_copied() {
        let mut iov = Iov::new(b"abcdef");
        let mut from = source(&mut iov);
        from.advance(2);
        let mut two = [0; 2];
        assert_eq!((from.copy_from_iter(&mut two), &two), (2, b"cd"));
        from.advance(100);
        assert!(from.is_empty());
        // SAFETY: it was moved by six bytes.
        unsafe { from.revert(6) };
        assert_eq!(from.len(), 6);
    }
}
