// SPDX-License-Identifier: GPL-2.0-only

//! Division of 64 bits where the processor has none: include/linux/math64.h.

shims! {
    /// The quotient of two numbers, and what remains.
    ///
    /// # Safety
    ///
    /// `by` is not 0; `rest` is writable.
    pub fn kx_divide_u64(number: u64, by: u64, rest: *mut u64) -> u64;

    /// The quotient of two numbers with a sign, and what remains.
    ///
    /// # Safety
    ///
    /// `by` is not 0, and the quotient is a number of 64 bits; `rest` is writable.
    pub fn kx_divide_s64(number: i64, by: i64, rest: *mut i64) -> i64;
}
