// SPDX-License-Identifier: GPL-2.0-only

//! User memory: include/linux/uaccess.h.
//!
//! A [`UserSlice`] is a range of user memory that is read or written once, from its start to its end: what was read
//! cannot be read again to something else, as another thread of the program may have changed it.
//!
//! It is the memory of the program that has called, where that was: elsewhere, as in works, kernel threads and timers, each
//! address is bad.

#![allow(unsafe_code, reason = "the C edge of user memory")]

mod position;

pub(crate) use position::in_memory;

use core::ffi::CStr;
use core::mem::MaybeUninit;

use crate::alloc::{Allocator, Flags, Vec};
use crate::error::{
    Result,
    code::{E2BIG, EFAULT},
};
use crate::transmute::{AsBytes, FromBytes};

/// An address in user memory: any number, which is found good or bad when it is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UserPtr(usize);

impl UserPtr {
    /// The address of a number, such as an ioctl's argument.
    pub const fn from_addr(addr: usize) -> Self {
        Self(addr)
    }

    /// The address so many bytes further on.
    #[must_use]
    pub const fn wrapping_byte_add(self, bytes: usize) -> Self {
        Self(self.0.wrapping_add(bytes))
    }
}

impl From<usize> for UserPtr {
    fn from(addr: usize) -> Self {
        Self::from_addr(addr)
    }
}

/// A range of user memory.
pub struct UserSlice {
    ptr: UserPtr,
    length: usize,
}

impl UserSlice {
    /// A range, which need not be good.
    ///
    /// `ptr` is a [`UserPtr`], or a number, as upstream had it up to Linux 6.18.
    pub fn new(ptr: impl Into<UserPtr>, length: usize) -> Self {
        let ptr = ptr.into();
        Self { ptr, length }
    }

    /// Adds the whole content to a vector.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory for it, `EFAULT` when the range is not readable.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read_all<A: Allocator>(self, buf: &mut Vec<u8, A>, flags: Flags) -> Result {
        self.reader().read_all(buf, flags)
    }

    /// Reads the range from its start.
    pub const fn reader(self) -> UserSliceReader {
        UserSliceReader {
            ptr: self.ptr,
            length: self.length,
        }
    }

    /// Writes the range from its start.
    pub const fn writer(self) -> UserSliceWriter {
        UserSliceWriter {
            ptr: self.ptr,
            length: self.length,
        }
    }

    /// Reads the range, and writes it, each from its start.
    pub const fn reader_writer(self) -> (UserSliceReader, UserSliceWriter) {
        (
            UserSliceReader {
                ptr: self.ptr,
                length: self.length,
            },
            UserSliceWriter {
                ptr: self.ptr,
                length: self.length,
            },
        )
    }
}

/// Reads a range of user memory.
pub struct UserSliceReader {
    ptr: UserPtr,
    length: usize,
}

impl UserSliceReader {
    /// How many bytes are left.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether no bytes are left.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Skips bytes.
    ///
    /// # Errors
    ///
    /// `EFAULT` when fewer are left.
    pub fn skip(&mut self, bytes: usize) -> Result {
        self.length = self.length.checked_sub(bytes).ok_or(EFAULT)?;
        self.ptr = self.ptr.wrapping_byte_add(bytes);
        Ok(())
    }

    /// Reads bytes to room that need not be initialised. After success it is.
    ///
    /// # Errors
    ///
    /// `EFAULT` when fewer bytes are left, or they are not readable.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read_raw(&mut self, out: &mut [MaybeUninit<u8>]) -> Result {
        let (to, len) = (out.as_mut_ptr().cast(), out.len());
        self.step(len, |from| {
            // SAFETY: the room is writable for its length.
            unsafe { koxide_abi::kx_copy_from_user(to, from, len) == 0 }
        })
    }

    /// Goes on behind `len` bytes, after `copy` has copied them.
    fn step(&mut self, len: usize, copy: impl FnOnce(usize) -> bool) -> Result {
        step(&mut self.ptr, &mut self.length, len, copy)
    }

    /// Fills a slice.
    ///
    /// # Errors
    ///
    /// As [`read_raw`](Self::read_raw); parts of the slice may then have been written.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read_slice(&mut self, out: &mut [u8]) -> Result {
        // SAFETY: bytes that are initialised may be seen as bytes that need not be, and only bytes are written.
        self.read_raw(unsafe { &mut *(core::ptr::from_mut(out) as *mut [MaybeUninit<u8>]) })
    }

    /// Reads a value.
    ///
    /// # Errors
    ///
    /// `EFAULT` when fewer bytes are left than it has, or they are not readable.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read<T: FromBytes>(&mut self) -> Result<T> {
        let mut value = MaybeUninit::<T>::uninit();
        let to = value.as_mut_ptr().cast();
        self.step(size_of::<T>(), |from| match size_of::<T>() {
            // SAFETY: the value's own bytes, which need not be initialised, are so many.
            4 => unsafe { koxide_abi::kx_get_user_4(to, from) == 0 },
            // SAFETY: likewise.
            8 => unsafe { koxide_abi::kx_get_user_8(to, from) == 0 },
            // SAFETY: likewise.
            len => unsafe { koxide_abi::kx_copy_from_user(to, from, len) == 0 },
        })?;
        // SAFETY: all bytes were read, and every pattern of bytes is a value.
        Ok(unsafe { value.assume_init() })
    }

    /// Adds all that is left to a vector.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory for it, `EFAULT` when it is not readable.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn read_all<A: Allocator>(mut self, buf: &mut Vec<u8, A>, flags: Flags) -> Result {
        let len = self.length;
        buf.reserve(len, flags)?;
        self.read_raw(&mut buf.spare_capacity_mut()[..len])?;
        // SAFETY: so many bytes of the room were just written.
        unsafe { buf.inc_len(len) };
        Ok(())
    }

    /// Reads a string up to its NUL into a buffer; what is behind it need not be readable.
    ///
    /// # Errors
    ///
    /// `EFAULT` when the bytes are not readable or the range ends before a NUL, `E2BIG` when it does not come within the
    /// buffer.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn strcpy_into_buf(self, buf: &mut [u8]) -> Result<&CStr> {
        let len = buf.len().min(self.length);
        let no_nul = if self.length <= buf.len() {
            EFAULT
        } else {
            E2BIG
        };
        let buf = &mut buf[..len];
        // SAFETY: the room is writable for its length.
        let copied =
            unsafe { koxide_abi::kx_strncpy_from_user(buf.as_mut_ptr().cast(), self.ptr.0, len) };
        let copied = usize::try_from(copied).map_err(|_| EFAULT)?;
        // What the kernel counted is not trusted to be followed by the NUL.
        let text = buf.get(..=copied).ok_or(no_nul)?;
        CStr::from_bytes_with_nul(text).map_err(|_| EFAULT)
    }
}

/// Goes on in a range, behind `len` bytes, after `copy` has copied them from or to their address.
fn step(
    ptr: &mut UserPtr,
    length: &mut usize,
    len: usize,
    copy: impl FnOnce(usize) -> bool,
) -> Result {
    let rest = length.checked_sub(len).ok_or(EFAULT)?;
    if !copy(ptr.0) {
        return Err(EFAULT);
    }
    *length = rest;
    *ptr = ptr.wrapping_byte_add(len);
    Ok(())
}

/// Writes a range of user memory.
pub struct UserSliceWriter {
    ptr: UserPtr,
    length: usize,
}

impl UserSliceWriter {
    /// How many bytes have room.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no room left.
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Writes bytes.
    ///
    /// # Errors
    ///
    /// `EFAULT` when there is less room, or it is not writable; some bytes may then have been written.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn write_slice(&mut self, data: &[u8]) -> Result {
        let (from, len) = (data.as_ptr().cast(), data.len());
        self.step(len, |to| {
            // SAFETY: the bytes are readable for their length.
            unsafe { koxide_abi::kx_copy_to_user(to, from, len) == 0 }
        })
    }

    /// Goes on behind `len` bytes, after `copy` has copied them.
    fn step(&mut self, len: usize, copy: impl FnOnce(usize) -> bool) -> Result {
        step(&mut self.ptr, &mut self.length, len, copy)
    }

    /// Writes a value.
    ///
    /// # Errors
    ///
    /// As [`write_slice`](Self::write_slice).
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn write<T: AsBytes>(&mut self, value: &T) -> Result {
        let from = core::ptr::from_ref(value);
        // Four and eight bytes are handed over as a number.
        self.step(size_of::<T>(), |to| match size_of::<T>() {
            4 => {
                // SAFETY: these are the value's own bytes, all initialised, and borrowed.
                let number = unsafe { from.cast::<u32>().read_unaligned() };
                // SAFETY: there is no contract.
                unsafe { koxide_abi::kx_put_user_4(to, number) == 0 }
            }
            8 => {
                // SAFETY: these are the value's own bytes, all initialised, and borrowed.
                let number = unsafe { from.cast::<u64>().read_unaligned() };
                // SAFETY: there is no contract.
                unsafe { koxide_abi::kx_put_user_8(to, number) == 0 }
            }
            // SAFETY: these are the value's own bytes, all initialised, and borrowed.
            len => unsafe { koxide_abi::kx_copy_to_user(to, from.cast(), len) == 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use koxide_abi::host::uaccess::{START, get, set};

    use super::*;
    use crate::prelude::*;

    fn user(len: usize) -> UserSlice {
        UserSlice::new(UserPtr::from_addr(START), len)
    }

    #[test]
    fn values_are_read_one_after_the_other() {
        set(&[1, 2, 0, 0, 0, 9]);
        let mut reader = user(6).reader();
        assert_eq!(reader.read::<u8>(), Ok(1));
        assert_eq!(reader.read::<u32>(), Ok(2));
        assert_eq!(reader.read::<u16>(), Err(EFAULT));
        assert_eq!(reader.len(), 1);
        assert_eq!(reader.skip(2), Err(EFAULT));
        assert_eq!(reader.skip(1), Ok(()));
        assert!(reader.is_empty());
        assert_eq!(reader.read::<u8>(), Err(EFAULT));
    }

    #[test]
    fn bad_addresses_are_efault() {
        set(&[7; 4]);
        assert_eq!(user(8).reader().read::<u64>(), Err(EFAULT));
        for addr in [0, START - 1, START + 4, usize::MAX] {
            let slice = || UserSlice::new(UserPtr::from_addr(addr), 4);
            assert_eq!(slice().reader().read::<i32>(), Err(EFAULT), "{addr:#x}");
            assert_eq!(slice().writer().write(&1i32), Err(EFAULT), "{addr:#x}");
        }
        let mut all = KVec::new();
        assert_eq!(user(5).read_all(&mut all, GFP_KERNEL), Err(EFAULT));
        assert!(all.is_empty());
        assert_eq!(user(4).read_all(&mut all, GFP_KERNEL), Ok(()));
        assert_eq!(all, [7; 4]);
    }

    #[test]
    fn nothing_is_written_beyond_the_range() {
        set(&[0; 6]);
        let mut writer = user(5).writer();
        assert_eq!(writer.write(&0x0403_0201u32), Ok(()));
        assert_eq!(writer.write(&5u16), Err(EFAULT));
        assert_eq!(writer.write_slice(&[5]), Ok(()));
        assert!(writer.is_empty());
        assert_eq!(get(), [1, 2, 3, 4, 5, 0]);
    }

    #[test]
    fn strings_end_with_their_nul() {
        set(b"abc\0def");
        let mut buf = [0; 5];
        assert_eq!(user(7).reader().strcpy_into_buf(&mut buf), Ok(c"abc"));
        assert_eq!(user(7).reader().strcpy_into_buf(&mut buf[..3]), Err(E2BIG));
        assert_eq!(user(3).reader().strcpy_into_buf(&mut buf), Err(EFAULT));
        assert_eq!(user(0).reader().strcpy_into_buf(&mut buf), Err(EFAULT));
        assert_eq!(user(7).reader().strcpy_into_buf(&mut []), Err(E2BIG));
    }

    #[test]
    fn what_is_behind_a_string_need_not_be_readable() {
        set(b"abc\0d");
        let mut buf = [7; 64];
        let reader = user(4096).reader();
        assert_eq!(reader.strcpy_into_buf(&mut buf), Ok(c"abc"));
        let mut reader = user(4096).reader();
        assert_eq!(reader.skip(4), Ok(()));
        assert_eq!(reader.strcpy_into_buf(&mut buf), Err(EFAULT));
    }
}
