// SPDX-License-Identifier: GPL-2.0-only

//! Values that are plain bytes.

#![allow(unsafe_code, reason = "unsafe traits are what this is about")]

/// Types for which every pattern of bytes is a value: they may be read from user space.
///
/// # Safety
///
/// So it is, and a value that has changed by another's hand is still one (no `Cell`, no pointers with a meaning).
pub unsafe trait FromBytes {}

/// Types without padding and without secrets in pointers: their bytes may be given to user space.
///
/// # Safety
///
/// All bytes of a value are initialised, and there is no interior mutability.
pub unsafe trait AsBytes {}

macro_rules! plain {
    ($($ty:ty)*) => {$(
        // SAFETY: every pattern of bytes is a number.
        unsafe impl FromBytes for $ty {}
        // SAFETY: a number has no padding.
        unsafe impl AsBytes for $ty {}
    )*};
}

plain!(i8 u8 i16 u16 i32 u32 i64 u64 i128 u128 isize usize);

// SAFETY: a slice or array is its elements, one after the other.
unsafe impl<T: FromBytes> FromBytes for [T] {}
// SAFETY: as above.
unsafe impl<T: FromBytes, const N: usize> FromBytes for [T; N] {}
// SAFETY: as above.
unsafe impl<T: AsBytes> AsBytes for [T] {}
// SAFETY: as above.
unsafe impl<T: AsBytes, const N: usize> AsBytes for [T; N] {}
// SAFETY: a bool is the byte 0 or 1.
unsafe impl AsBytes for bool {}
// SAFETY: a char is four initialised bytes.
unsafe impl AsBytes for char {}
// SAFETY: text is its bytes.
unsafe impl AsBytes for str {}
