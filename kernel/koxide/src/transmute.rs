// SPDX-License-Identifier: GPL-2.0-only

//! Values that are plain bytes.
//!
//! # Examples
//!
//! ```
//! use kernel::transmute::{AsBytes, FromBytes};
//!
//! #[derive(FromBytes, AsBytes)]
//! #[repr(C)]
//! struct Request {
//!     command: u32,
//!     length: u32,
//!     name: [u8; 8],
//! }
//!
//! let request = Request { command: 1, length: 3, name: *b"abc     " };
//! let bytes = request.as_bytes();
//! assert_eq!(bytes.len(), 16);
//! assert_eq!(Request::from_bytes_copy(bytes).map(|copy| copy.length), Some(3));
//! assert!(Request::from_bytes_copy(&bytes[1..]).is_none());
//! ```

#![allow(unsafe_code, reason = "unsafe traits are what this is about")]

use core::marker::PhantomData;
use core::ptr;

pub use macros::{AsBytes, FromBytes};

/// Types for which every pattern of bytes is a value: they may be read from user space.
///
/// It is derived for structs all of whose fields have it.
///
/// ```compile_fail,E0277
/// #[derive(kernel::transmute::FromBytes)]
/// struct Answer {
///     yes: bool,
/// }
/// ```
///
/// # Safety
///
/// So it is, and a value that has changed by another's hand is still one (no `Cell`, no pointers with a meaning).
pub unsafe trait FromBytes {
    /// The bytes as a value, if they are as many as it has and where it may be.
    fn from_bytes(bytes: &[u8]) -> Option<&Self>
    where
        Self: Sized,
    {
        let value: *const Self = bytes.as_ptr().cast();
        // SAFETY: the bytes are as many and aligned as a value, and each pattern of them is one; they are borrowed as long.
        (bytes.len() == size_of::<Self>() && value.is_aligned()).then(|| unsafe { &*value })
    }

    /// As [`from_bytes`](Self::from_bytes), of the first bytes; with those that are left.
    fn from_bytes_prefix(bytes: &[u8]) -> Option<(&Self, &[u8])>
    where
        Self: Sized,
    {
        let (first, rest) = bytes.split_at_checked(size_of::<Self>())?;
        Some((Self::from_bytes(first)?, rest))
    }

    /// As [`from_bytes`](Self::from_bytes), to be changed.
    fn from_bytes_mut(bytes: &mut [u8]) -> Option<&mut Self>
    where
        Self: AsBytes + Sized,
    {
        let value: *mut Self = bytes.as_mut_ptr().cast();
        // SAFETY: the bytes are as many and aligned as a value, and each pattern of them is one; they are borrowed mutably
        // as long, and what is written into the value are bytes again.
        (bytes.len() == size_of::<Self>() && value.is_aligned()).then(|| unsafe { &mut *value })
    }

    /// As [`from_bytes_mut`](Self::from_bytes_mut), of the first bytes; with those that are left.
    fn from_bytes_mut_prefix(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])>
    where
        Self: AsBytes + Sized,
    {
        let (first, rest) = bytes.split_at_mut_checked(size_of::<Self>())?;
        Some((Self::from_bytes_mut(first)?, rest))
    }

    /// A copy of the value that the bytes are, if they are as many as it has.
    fn from_bytes_copy(bytes: &[u8]) -> Option<Self>
    where
        Self: Sized,
    {
        let value: *const Self = bytes.as_ptr().cast();
        // SAFETY: the bytes are as many as a value has, and each pattern of them is one.
        (bytes.len() == size_of::<Self>()).then(|| unsafe { ptr::read_unaligned(value) })
    }

    /// As [`from_bytes_copy`](Self::from_bytes_copy), of the first bytes; with those that are left.
    fn from_bytes_copy_prefix(bytes: &[u8]) -> Option<(Self, &[u8])>
    where
        Self: Sized,
    {
        let (first, rest) = bytes.split_at_checked(size_of::<Self>())?;
        Some((Self::from_bytes_copy(first)?, rest))
    }
}

/// Types without padding and without secrets in pointers: their bytes may be given to user space.
///
/// It is derived for structs of C's layout (`#[repr(C)]` or `#[repr(transparent)]`) all of whose fields have it, and between
/// which there is no padding: that would be bytes of the kernel's stack.
///
/// ```compile_fail,E0080
/// #[derive(kernel::transmute::AsBytes)]
/// #[repr(C)]
/// struct Padded {
///     small: u8,
///     large: u32,
/// }
/// ```
///
/// # Safety
///
/// All bytes of a value are initialised, and there is no interior mutability.
pub unsafe trait AsBytes {
    /// The bytes of the value.
    fn as_bytes(&self) -> &[u8] {
        let bytes = ptr::from_ref(self).cast();
        // SAFETY: all bytes of the value are initialised, and nobody changes them as long as it is borrowed.
        unsafe { core::slice::from_raw_parts(bytes, size_of_val(self)) }
    }

    /// The bytes of the value, to be changed.
    fn as_bytes_mut(&mut self) -> &mut [u8]
    where
        Self: FromBytes,
    {
        let bytes = ptr::from_mut(self).cast();
        // SAFETY: all bytes of the value are initialised, it is borrowed mutably, and is a value whatever is written.
        unsafe { core::slice::from_raw_parts_mut(bytes, size_of_val(self)) }
    }
}

macro_rules! plain {
    ($($ty:ty)*) => {$(
        // SAFETY: every pattern of bytes is a number.
        unsafe impl FromBytes for $ty {}
        // SAFETY: a number has no padding.
        unsafe impl AsBytes for $ty {}
    )*};
}

plain!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize);

// SAFETY: no bytes are its one value.
unsafe impl FromBytes for () {}
// SAFETY: it has no bytes.
unsafe impl AsBytes for () {}
// SAFETY: no bytes are its one value.
unsafe impl<T: ?Sized> FromBytes for PhantomData<T> {}
// SAFETY: it has no bytes.
unsafe impl<T: ?Sized> AsBytes for PhantomData<T> {}
// SAFETY: a slice is its elements, one after the other, and each takes any bytes.
unsafe impl<T: FromBytes> FromBytes for [T] {}
// SAFETY: an array is its elements, one after the other, and each takes any bytes.
unsafe impl<T: FromBytes, const N: usize> FromBytes for [T; N] {}
// SAFETY: a slice is its elements without anything between them, and all bytes of each are initialised.
unsafe impl<T: AsBytes> AsBytes for [T] {}
// SAFETY: an array is its elements without anything between them, and all bytes of each are initialised.
unsafe impl<T: AsBytes, const N: usize> AsBytes for [T; N] {}
// SAFETY: a bool is the byte 0 or 1.
unsafe impl AsBytes for bool {}
// SAFETY: a char is four initialised bytes.
unsafe impl AsBytes for char {}
// SAFETY: text is its bytes.
unsafe impl AsBytes for str {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are aligned as a `u32`.
    #[repr(align(4))]
    struct Room([u8; 12]);

    #[test]
    fn bytes_are_borrowed_only_where_a_value_may_be() {
        let mut room = Room([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]);
        let (two, rest) = <[u32; 2]>::from_bytes_prefix(&room.0).unwrap();
        assert_eq!((two.map(u32::from_le), rest), ([1, 2], &[3, 0, 0, 0][..]));
        assert!(u32::from_bytes(&room.0[1..5]).is_none());
        assert!(u32::from_bytes(&room.0[..3]).is_none());
        assert_eq!(
            u32::from_bytes_copy(&room.0[1..5]).map(u32::from_le),
            Some(2 << 24)
        );
        *u32::from_bytes_mut_prefix(&mut room.0).unwrap().0 = 0x0101_0101;
        assert_eq!(room.0[..5], [1, 1, 1, 1, 2]);
        assert_eq!(u16::from_bytes_copy_prefix(&[1]), None);
        assert_eq!("ab".as_bytes(), AsBytes::as_bytes("ab"));
        let mut numbers = [1u16, 2];
        AsBytes::as_bytes_mut(&mut numbers[..]).fill(0xff);
        assert_eq!(numbers, [0xffff, 0xffff]);
    }
}
