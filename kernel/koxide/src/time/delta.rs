// SPDX-License-Identifier: GPL-2.0-only

//! Spans of time.

use core::fmt::Debug;
use core::ops::{Add, AddAssign, Div, Mul, MulAssign, Sub, SubAssign};

use super::{NSEC_PER_MSEC, NSEC_PER_SEC, NSEC_PER_USEC};

/// The units that a span is counted in.
mod sealed {
    pub trait Sealed {}

    impl Sealed for super::Nsec {}
    impl Sealed for super::Jiffy {}
}

/// What a span of time is counted in: [`Nsec`] or [`Jiffy`].
pub trait TimeUnit: sealed::Sealed {
    /// The number's type.
    type Repr: Copy + Ord + Debug;
}

/// Nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Nsec {}

impl TimeUnit for Nsec {
    type Repr = i64;
}

/// Ticks of the kernel's clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Jiffy {}

impl TimeUnit for Jiffy {
    type Repr = isize;
}

/// A span of time, with a sign, in nanoseconds if nothing else is said: up to 292 years.
///
/// Those made from other units are cut to that; sums and products that are longer panic, as with numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Delta<U: TimeUnit = Nsec> {
    value: U::Repr,
}

impl Delta<Jiffy> {
    /// So many ticks.
    pub const fn from_jiffies(jiffies: isize) -> Self {
        Self { value: jiffies }
    }

    /// In ticks.
    pub const fn as_jiffies(self) -> isize {
        self.value
    }
}

impl Delta {
    /// No time.
    pub const ZERO: Self = Self { value: 0 };

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self { value: nanos }
    }

    /// So many microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self {
            value: micros.saturating_mul(NSEC_PER_USEC),
        }
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self {
            value: millis.saturating_mul(NSEC_PER_MSEC),
        }
    }

    /// So many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self {
            value: secs.saturating_mul(NSEC_PER_SEC),
        }
    }

    /// Whether it has no length.
    pub const fn is_zero(self) -> bool {
        self.value == 0
    }

    /// Whether it is less than no time.
    pub const fn is_negative(self) -> bool {
        self.value < 0
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.value
    }

    /// In microseconds, rounded up.
    pub const fn as_micros_ceil(self) -> i64 {
        self.value
            .saturating_add(NSEC_PER_USEC - 1)
            .div_euclid(NSEC_PER_USEC)
    }

    /// In milliseconds, rounded towards zero.
    pub const fn as_millis(self) -> i64 {
        self.value / NSEC_PER_MSEC
    }

    /// What is left after as many whole `dividend`s (in nanoseconds) as fit.
    ///
    /// # Panics
    ///
    /// When `dividend` is 0.
    pub const fn rem_nanos(self, dividend: i32) -> Self {
        Self {
            value: self.value % dividend as i64,
        }
    }
}

impl Add for Delta {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
        }
    }
}

impl AddAssign for Delta {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Delta {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
        }
    }
}

impl SubAssign for Delta {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<i64> for Delta {
    type Output = Self;

    fn mul(self, times: i64) -> Self {
        Self {
            value: self.value * times,
        }
    }
}

impl MulAssign<i64> for Delta {
    fn mul_assign(&mut self, times: i64) {
        *self = *self * times;
    }
}

impl Div for Delta {
    type Output = i64;

    /// How many times the other fits, rounded towards zero; panics when the other has no length.
    fn div(self, other: Self) -> i64 {
        self.value / other.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_in_each_unit() {
        assert_eq!(Delta::from_secs(2), Delta::from_millis(2000));
        assert_eq!(Delta::from_micros(3).as_nanos(), 3000);
        assert_eq!(Delta::from_nanos(1001).as_micros_ceil(), 2);
        assert_eq!(Delta::from_nanos(1000).as_micros_ceil(), 1);
        assert_eq!(Delta::from_nanos(-1001).as_micros_ceil(), -1);
        assert_eq!(Delta::from_micros(2999).as_millis(), 2);
        assert_eq!(Delta::from_secs(i64::MAX).as_nanos(), i64::MAX);
        assert_eq!(Delta::from_jiffies(-3).as_jiffies(), -3);
    }

    #[test]
    fn spans_are_added_and_divided() {
        let mut span = Delta::from_millis(5) - Delta::from_millis(7);
        assert!(span.is_negative());
        span += Delta::from_millis(3);
        span *= 10;
        span -= Delta::from_millis(1);
        assert_eq!(span, Delta::from_millis(9));
        assert_eq!(span / Delta::from_millis(2), 4);
        assert_eq!(span.rem_nanos(4_000_000), Delta::from_millis(1));
    }
}
