// SPDX-License-Identifier: GPL-2.0-only

//! Numbers, as users write them.

use super::BStr;
use crate::error::{Result, code::EINVAL};

/// Keeps [`ParseInt`] to the types that have it here.
mod sealed {
    /// An integer type.
    pub trait Integer: TryFrom<i128> {}
}

/// Integers that can be read from text.
///
/// `0x`, `0o` and `0b`, or the same in capital letters, begin a number of the base 16, 8 and 2, and a mere `0` one of the
/// base 8. `+` or `-` may come before it, and nothing else before or after: no space, no new line.
///
/// # Examples
///
/// ```
/// use kernel::{b_str, prelude::*, str::parse_int::ParseInt};
///
/// assert_eq!(u8::from_str(b_str!("0xa2")), Ok(0xa2));
/// assert_eq!(i8::from_str(b_str!("-128")), Ok(-128));
/// assert_eq!(i8::from_str(b_str!("128")), Err(EINVAL));
/// ```
pub trait ParseInt: sealed::Integer {
    /// Reads a number.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the text is no number, or one that the type does not have.
    fn from_str(text: &BStr) -> Result<Self> {
        let (negative, text) = match &**text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (base, digits) = match text {
            [b'0', b'x' | b'X', rest @ ..] => (16, rest),
            [b'0', b'o' | b'O', rest @ ..] => (8, rest),
            [b'0', b'b' | b'B', rest @ ..] => (2, rest),
            [b'0', ..] => (8, text),
            _ => (10, text),
        };
        let size = i128::from(magnitude(digits, base)?);
        Self::try_from(if negative { -size } else { size }).map_err(|_| EINVAL)
    }
}

/// The number that the digits are; `EINVAL` for what is no digit, too much, or nothing.
fn magnitude(digits: &[u8], base: u32) -> Result<u64> {
    if digits.is_empty() {
        return Err(EINVAL);
    }
    digits.iter().try_fold(0u64, |number, digit| {
        let digit = char::from(*digit).to_digit(base).ok_or(EINVAL)?;
        let number = number.checked_mul(base.into()).ok_or(EINVAL)?;
        number.checked_add(digit.into()).ok_or(EINVAL)
    })
}

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl sealed::Integer for $ty {}
        impl ParseInt for $ty {}
    )*};
}

integers!(i8 u8 i16 u16 i32 u32 i64 u64 isize usize);

#[cfg(test)]
mod tests {
    use core::fmt::Debug;

    use super::*;

    fn read<T: ParseInt>(text: &str) -> Result<T> {
        T::from_str(BStr::from_bytes(text.as_bytes()))
    }

    #[test]
    fn numbers_have_a_base_and_a_sign() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("0x1F", 31),
            ("-0Xf", -15),
            ("017", 15),
            ("0b101", 5),
            ("-0O17", -15),
            ("2147483647", i32::MAX),
            ("-2147483648", i32::MIN),
        ] {
            assert_eq!(read(text), Ok(number), "{text}");
        }
        assert_eq!(read("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(read("-9223372036854775808"), Ok(i64::MIN));
    }

    fn refused<T: ParseInt + PartialEq + Debug>(text: &str) {
        assert_eq!(read::<T>(text), Err(EINVAL), "{text}");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "+", "-", "0x", "--1", "+-1", "0x-1", "08", "0b2", "1 ", " 1", "1\n", "1_0", "a",
        ] {
            refused::<i32>(text);
        }
        refused::<u8>("256");
        refused::<u8>("-1");
        refused::<i8>("-129");
        refused::<u64>("18446744073709551616");
        refused::<i64>("9223372036854775808");
    }
}
