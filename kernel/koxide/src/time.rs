// SPDX-License-Identifier: GPL-2.0-only

//! Time.

pub mod delay;

/// A time or a span in ticks of the kernel's clock, whose length is the kernel's choice.
pub type Jiffies = usize;

const NANOS_PER_MICRO: i64 = 1_000;
const NANOS_PER_MILLI: i64 = 1_000_000;
const NANOS_PER_SEC: i64 = 1_000_000_000;

/// A span of time, with a sign, in nanoseconds: up to 292 years. One that is longer is that long.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Delta {
    nanos: i64,
}

impl Delta {
    /// No time.
    pub const ZERO: Self = Self { nanos: 0 };

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self { nanos }
    }

    /// So many microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self {
            nanos: micros.saturating_mul(NANOS_PER_MICRO),
        }
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self {
            nanos: millis.saturating_mul(NANOS_PER_MILLI),
        }
    }

    /// So many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self {
            nanos: secs.saturating_mul(NANOS_PER_SEC),
        }
    }

    /// Whether it has no length.
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.nanos
    }

    /// In microseconds, rounded up.
    pub const fn as_micros_ceil(self) -> i64 {
        self.nanos
            .saturating_add(NANOS_PER_MICRO - 1)
            .div_euclid(NANOS_PER_MICRO)
    }

    /// In milliseconds, rounded towards zero.
    pub const fn as_millis(self) -> i64 {
        self.nanos / NANOS_PER_MILLI
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
    }
}
