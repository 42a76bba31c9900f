// SPDX-License-Identifier: GPL-2.0-only

//! Fields of kernel structs, of which Rust knows neither the layout nor, when it is compiled, the offsets.
//!
//! An offset is the address of a symbol that the shims define (`include/koxide_field.h`). On x86-64 the compiler takes every
//! symbol's address for a constant of 32 bits with a sign, which the linker or the module loader fills in: `file + symbol`
//! is part of the instruction that reads the field, as it is in C. On ARM an address is made in two instructions, and in 64 bits
//! relative to the code: there the symbol's value is the operand of one that loads 16 bits, which the linker fills in
//! likewise (`value!` in `macros`).
//!
//! The compiler may believe that two symbols have two addresses, and that none is null. Nobody compares them, and what
//! it concludes of `file + symbol` is that two fields are not the same byte: they are words.

#![cfg_attr(
    test,
    allow(dead_code, reason = "what is not tested is used in the kernel only")
)]

/// A number that differs between kernels.
///
/// # Safety
///
/// None: an address is only looked at.
#[inline(always)]
pub(crate) unsafe fn number(symbol: *const u8) -> usize {
    symbol.addr()
}

/// Where a field is.
///
/// # Safety
///
/// `of` points at a struct that lives, and the address of `offset` is less than its size.
#[inline(always)]
pub(crate) unsafe fn place<S, T>(offset: *const u8, of: *const S) -> *mut T {
    // SAFETY: the caller says that the result is within the struct.
    unsafe { of.byte_add(offset.addr()) }.cast_mut().cast()
}

/// A field that nobody changes meanwhile.
///
/// # Safety
///
/// As for [`place`]; there is a `T` at the offset, which no other thread writes now.
#[inline(always)]
pub(crate) unsafe fn read<S, T>(offset: *const u8, of: *const S) -> T {
    // SAFETY: the caller's.
    let place: *mut T = unsafe { place(offset, of) };
    // SAFETY: the caller says that there is a `T`, and that it may be read.
    unsafe { place.read() }
}

/// A field that others may change meanwhile: the kernel's `READ_ONCE`.
///
/// # Safety
///
/// As for [`place`]; there is a `T` at the offset.
#[inline(always)]
pub(crate) unsafe fn read_once<S, T>(offset: *const u8, of: *const S) -> T {
    // SAFETY: the caller's.
    let place: *mut T = unsafe { place(offset, of) };
    // SAFETY: the caller says that there is a `T`; others that write it do so as a whole.
    unsafe { place.read_volatile() }
}

/// Changes a field.
///
/// # Safety
///
/// As for [`place`]; there is a `T` at the offset, which no other thread uses now.
#[inline(always)]
pub(crate) unsafe fn write<S, T>(offset: *const u8, of: *mut S, value: T) {
    // SAFETY: the caller's.
    let place: *mut T = unsafe { place(offset, of) };
    // SAFETY: the caller says that there is a `T`, and that it may be written.
    unsafe { place.write(value) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    struct Two {
        first: u64,
        second: u32,
    }

    #[test]
    fn a_field_is_where_its_symbol_says() {
        let mut two = Two {
            first: 1,
            second: 2,
        };
        let of = &raw mut two;
        let second = core::ptr::without_provenance(core::mem::offset_of!(Two, second));
        // SAFETY: it has no contract.
        assert_eq!(unsafe { number(second) }, 8);
        // SAFETY: there is a `u32`.
        unsafe { write(second, of, 7_u32) };
        // SAFETY: likewise.
        assert_eq!(unsafe { read::<_, u32>(second, of) }, 7);
        // SAFETY: likewise.
        assert_eq!(unsafe { read_once::<_, u32>(second, of) }, 7);
        // SAFETY: the offset is within the struct.
        assert_eq!(unsafe { place::<_, u32>(second, of) }, &raw mut two.second);
        assert_eq!(two.first, 1);
    }
}
