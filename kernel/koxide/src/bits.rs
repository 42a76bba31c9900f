// SPDX-License-Identifier: GPL-2.0-only

//! Bits and ranges of bits: include/linux/bits.h.
//!
//! # Examples
//!
//! ```
//! use kernel::bits::{bit_u32, checked_bit_u8, genmask_u32};
//!
//! const READY: u32 = bit_u32(31);
//! const LENGTH: u32 = genmask_u32(4..=11);
//! assert_eq!((READY, LENGTH), (0x8000_0000, 0xff0));
//! assert_eq!(checked_bit_u8(8), None);
//! ```

use core::ops::RangeInclusive;

macro_rules! bits {
    ($ty:ty: $checked_bit:ident, $bit:ident, $checked_mask:ident, $mask:ident) => {
        /// The number of which this bit is set, if the type has it.
        pub const fn $checked_bit(bit: u32) -> Option<$ty> {
            (1 as $ty).checked_shl(bit)
        }

        /// The number of which this bit is set.
        ///
        /// # Panics
        ///
        /// When the type does not have it: in a constant that is an error of the compiler.
        #[inline(always)]
        pub const fn $bit(bit: u32) -> $ty {
            assert!(bit < <$ty>::BITS, "the type does not have this bit");
            1 << bit
        }

        /// The number of which these bits are set, if the type has them and there is at least one.
        pub const fn $checked_mask(bits: RangeInclusive<u32>) -> Option<$ty> {
            let (first, last) = (*bits.start(), *bits.end());
            if first > last || last >= <$ty>::BITS {
                return None;
            }
            Some((<$ty>::MAX >> (<$ty>::BITS - 1 - last)) & (<$ty>::MAX << first))
        }

        /// The number of which these bits are set.
        ///
        /// # Panics
        ///
        /// When the type does not have them or there is none: in a constant that is an error of the compiler.
        #[inline(always)]
        pub const fn $mask(bits: RangeInclusive<u32>) -> $ty {
            match $checked_mask(bits) {
                Some(mask) => mask,
                None => panic!("the type does not have these bits"),
            }
        }
    };
}

bits!(u64: checked_bit_u64, bit_u64, genmask_checked_u64, genmask_u64);
bits!(u32: checked_bit_u32, bit_u32, genmask_checked_u32, genmask_u32);
bits!(u16: checked_bit_u16, bit_u16, genmask_checked_u16, genmask_u16);
bits!(u8: checked_bit_u8, bit_u8, genmask_checked_u8, genmask_u8);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(
        clippy::reversed_empty_ranges,
        reason = "such a range is what is refused"
    )]
    fn masks_are_whole_or_not() {
        assert_eq!(genmask_checked_u8(0..=7), Some(0xff));
        assert_eq!(genmask_checked_u8(3..=3), Some(8));
        assert_eq!(genmask_checked_u8(0..=8), None);
        assert_eq!(genmask_checked_u8(4..=3), None);
        assert_eq!(genmask_u64(63..=63), 1 << 63);
        assert_eq!(genmask_u64(0..=63), u64::MAX);
        assert_eq!(genmask_u16(8..=11), 0xf00);
        assert_eq!(checked_bit_u64(64), None);
        assert_eq!(bit_u64(63), 1 << 63);
    }

    #[test]
    #[should_panic(expected = "the type does not have this bit")]
    fn a_bit_that_there_is_not() {
        let _ = bit_u8(8);
    }
}
