// SPDX-License-Identifier: GPL-2.0-only

//! The types of C, as the kernel has them.
//!
//! `char` has no sign there (it is compiled with `-funsigned-char`), and a `long` is as wide as an address. Numbers that a
//! driver exchanges with user space have types of a fixed width.

#![allow(non_camel_case_types, reason = "the names are C's")]

pub use core::ffi::{
    CStr, c_int, c_longlong, c_schar, c_short, c_uchar, c_uint, c_ulonglong, c_ushort, c_void,
};

/// C's `char`.
pub type c_char = u8;
/// C's `long`.
pub type c_long = isize;
/// C's `unsigned long`.
pub type c_ulong = usize;
