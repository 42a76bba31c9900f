// SPDX-License-Identifier: GPL-2.0-only

//! What clocks say.

use core::cmp::Ordering;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Add, Sub};

use super::Delta;

/// A clock.
///
/// # Safety
///
/// `ktime_get` is never negative.
pub unsafe trait ClockSource {
    /// The clock's number: include/uapi/linux/time.h.
    const ID: u32;

    /// What the clock says, in nanoseconds.
    fn ktime_get() -> i64;
}

/// Defines a clock that the kernel has.
macro_rules! clock {
    ($(#[doc = $doc:literal])* $name:ident = $id:literal) => {
        $(#[doc = $doc])*
        pub struct $name;

        // SAFETY: the kernel's clocks are not negative.
        unsafe impl ClockSource for $name {
            const ID: u32 = $id;

            fn ktime_get() -> i64 {
                // SAFETY: there is no contract.
                unsafe { koxide_abi::kx_ktime_get(Self::ID) }
            }
        }
    };
}

clock! {
    /// The time since some point before the machine was started, without that in which it was suspended.
    ///
    /// Nobody sets it: it is the one for spans and time-outs.
    Monotonic = 1
}

clock! {
    /// The time since 1970 as the machine knows it. It is set, and jumps when it is.
    RealTime = 0
}

clock! {
    /// As [`Monotonic`], with the time in which the machine was suspended.
    BootTime = 7
}

clock! {
    /// As [`RealTime`], with the leap seconds that there were.
    Tai = 11
}

/// A point in time, as a clock has it.
///
/// # Invariants
///
/// It is not negative.
pub struct Instant<C: ClockSource> {
    nanos: i64,
    _clock: PhantomData<C>,
}

impl<C: ClockSource> Instant<C> {
    /// Now. Any context but that of an NMI.
    pub fn now() -> Self {
        // INVARIANT: no clock is negative.
        Self::of(C::ktime_get())
    }

    /// How much time has passed since then; negative for what is to come.
    pub fn elapsed(&self) -> Delta {
        Self::now() - *self
    }

    /// In nanoseconds, as the kernel counts them.
    pub(crate) const fn as_nanos(&self) -> i64 {
        self.nanos
    }

    /// A point in time, as the kernel counts them; one before the clock's beginning is the beginning.
    pub(crate) fn from_nanos(nanos: i64) -> Self {
        // INVARIANT: it is not negative.
        Self::of(nanos.max(0))
    }

    const fn of(nanos: i64) -> Self {
        Self {
            nanos,
            _clock: PhantomData,
        }
    }

    /// A point in time that was computed; panics when it is before the clock's beginning.
    fn checked(nanos: i64) -> Self {
        assert!(nanos >= 0, "a time before the clock's beginning");
        // INVARIANT: just checked.
        Self::of(nanos)
    }
}

impl<C: ClockSource> Clone for Instant<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: ClockSource> Copy for Instant<C> {}

impl<C: ClockSource> PartialEq for Instant<C> {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl<C: ClockSource> Eq for Instant<C> {}

impl<C: ClockSource> PartialOrd for Instant<C> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<C: ClockSource> Ord for Instant<C> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl<C: ClockSource> fmt::Debug for Instant<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ns", self.nanos)
    }
}

impl<C: ClockSource> Sub for Instant<C> {
    type Output = Delta;

    fn sub(self, earlier: Self) -> Delta {
        // Neither is negative, so that this does not overflow.
        Delta::from_nanos(self.nanos - earlier.nanos)
    }
}

impl<C: ClockSource> Add<Delta> for Instant<C> {
    type Output = Self;

    fn add(self, span: Delta) -> Self {
        Self::checked(self.nanos + span.as_nanos())
    }
}

impl<C: ClockSource> Sub<Delta> for Instant<C> {
    type Output = Self;

    fn sub(self, span: Delta) -> Self {
        Self::checked(self.nanos - span.as_nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes() {
        let start = Instant::<Monotonic>::now();
        let later = start + Delta::from_secs(1);
        assert!(later > start);
        assert_eq!(later - Delta::from_secs(1), start);
        assert_eq!(start - later, Delta::from_secs(-1));
        assert!(!start.elapsed().is_negative());
    }

    #[test]
    #[should_panic(expected = "before the clock's beginning")]
    fn there_is_no_time_before_the_beginning() {
        let _ = Instant::<Tai>::of(5) - Delta::from_nanos(6);
    }
}
