// SPDX-License-Identifier: GPL-2.0-only

//! The kernel log: include/linux/printk.h.

use core::ffi::{c_char, c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::print as twin;

shims! {
    /// Writes `len` bytes at `text` to the log; any context.
    ///
    /// `level` is 0 (emergency) to 7 (debug), or 8 to continue the line before. With a `prefix` the line starts
    /// with it, a colon and a space.
    ///
    /// # Safety
    ///
    /// `prefix` is null or a NUL-terminated string; `text` is readable for `len` bytes.
    #[host(twin::print)]
    pub fn kx_print(level: u32, prefix: *const c_char, text: *const u8, len: usize);

    /// Writes an address as text without telling where it is: `0x` and digits, or a word in parentheses; any context.
    ///
    /// # Safety
    ///
    /// `room` is writable for `size` bytes, which are at least 1. It then holds a NUL-terminated string.
    #[host(twin::pointer_text)]
    pub fn kx_pointer_text(room: *mut c_char, size: usize, pointer: *const c_void);
}

variadic_shims! {
    /// Formats a message and writes it to the log; any context. It begins with its level, as in C.
    ///
    /// # Safety
    ///
    /// `format` is a NUL-terminated string for these values.
    #[host(twin::printk)]
    pub fn kx_printk(format: *const c_char, ...) -> c_int;
}

/// What a function with variable arguments takes: types that C would not widen.
#[cfg(target_os = "none")]
pub trait Variadic {}

/// What a function with variable arguments takes, outside the kernel.
#[cfg(not(target_os = "none"))]
pub trait Variadic {
    /// The value for the twin.
    fn value(self) -> Value;
}

/// A value that the twin of a function with variable arguments is given.
#[cfg(not(target_os = "none"))]
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "they are C's")]
pub enum Value {
    Number(i128),
    Pointer(*const u8),
}

/// Implements [`Variadic`].
macro_rules! values {
    ($($ty:ty: |$value:ident| $made:expr;)*) => {$(
        impl Variadic for $ty {
            #[cfg(not(target_os = "none"))]
            fn value(self) -> Value {
                let $value = self;
                $made
            }
        }
    )*};
}

values! {
    i32: |number| Value::Number(number.into());
    u32: |number| Value::Number(number.into());
    i64: |number| Value::Number(number.into());
    u64: |number| Value::Number(number.into());
    *const u8: |pointer| Value::Pointer(pointer);
    // A `char` of C is one or the other, after the processor.
    *const i8: |pointer| Value::Pointer(pointer.cast());
}
