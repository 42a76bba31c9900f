// SPDX-License-Identifier: GPL-2.0-only

//! How timers tell times, and where their functions run.

use core::marker::PhantomData;

use koxide_abi::{HRTIMER_MODE_HARD, HRTIMER_MODE_PINNED, HRTIMER_MODE_REL, HRTIMER_MODE_SOFT};

use crate::time::{ClockSource, Delta, Instant};

mod sealed {
    pub trait Sealed {}
}

/// How a timer tells times, by which clock, and where its function runs.
pub trait HrTimerMode: sealed::Sealed {
    /// The kernel's number for it.
    #[doc(hidden)]
    const C_MODE: u32;

    /// The clock.
    type Clock: ClockSource;

    /// A time: an [`Instant`] of the clock, or a [`Delta`] from now on.
    type Expires: HrTimerExpires;
}

/// A time at which a timer's function is called.
pub trait HrTimerExpires {
    /// In nanoseconds.
    fn as_nanos(&self) -> i64;
}

impl<C: ClockSource> HrTimerExpires for Instant<C> {
    fn as_nanos(&self) -> i64 {
        Self::as_nanos(self)
    }
}

impl HrTimerExpires for Delta {
    fn as_nanos(&self) -> i64 {
        Self::as_nanos(*self)
    }
}

/// Defines a mode.
macro_rules! modes {
    ($($(#[doc = $doc:literal])* $name:ident: $expires:ty = $mode:expr;)*) => {$(
        $(#[doc = $doc])*
        pub struct $name<C: ClockSource>(PhantomData<C>);

        impl<C: ClockSource> sealed::Sealed for $name<C> {}

        impl<C: ClockSource> HrTimerMode for $name<C> {
            const C_MODE: u32 = $mode;
            type Clock = C;
            type Expires = $expires;
        }
    )*};
}

modes! {
    /// A time of the clock; a hard interrupt.
    AbsoluteMode: Instant<C> = 0;
    /// A span from now on; a hard interrupt.
    RelativeMode: Delta = HRTIMER_MODE_REL;
    /// A time of the clock; a hard interrupt, on the CPU that starts it.
    AbsolutePinnedMode: Instant<C> = HRTIMER_MODE_PINNED;
    /// A span from now on; a hard interrupt, on the CPU that starts it.
    RelativePinnedMode: Delta = HRTIMER_MODE_REL | HRTIMER_MODE_PINNED;
    /// A time of the clock; a softirq.
    AbsoluteSoftMode: Instant<C> = HRTIMER_MODE_SOFT;
    /// A span from now on; a softirq.
    RelativeSoftMode: Delta = HRTIMER_MODE_REL | HRTIMER_MODE_SOFT;
    /// A time of the clock; a softirq, on the CPU that starts it.
    AbsolutePinnedSoftMode: Instant<C> = HRTIMER_MODE_PINNED | HRTIMER_MODE_SOFT;
    /// A span from now on; a softirq, on the CPU that starts it.
    RelativePinnedSoftMode: Delta = HRTIMER_MODE_REL | HRTIMER_MODE_PINNED | HRTIMER_MODE_SOFT;
    /// A time of the clock; a hard interrupt, on PREEMPT_RT too.
    AbsoluteHardMode: Instant<C> = HRTIMER_MODE_HARD;
    /// A span from now on; a hard interrupt, on PREEMPT_RT too.
    RelativeHardMode: Delta = HRTIMER_MODE_REL | HRTIMER_MODE_HARD;
    /// A time of the clock; a hard interrupt, on PREEMPT_RT too, on the CPU that starts it.
    AbsolutePinnedHardMode: Instant<C> = HRTIMER_MODE_PINNED | HRTIMER_MODE_HARD;
    /// A span from now on; a hard interrupt, on PREEMPT_RT too, on the CPU that starts it.
    RelativePinnedHardMode: Delta = HRTIMER_MODE_REL | HRTIMER_MODE_PINNED | HRTIMER_MODE_HARD;
}
