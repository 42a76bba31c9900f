// SPDX-License-Identifier: GPL-2.0-only

//! Time: what clocks say ([`Instant`]), spans of it ([`Delta`]), waiting ([`delay`]) and timers ([`hrtimer`], [`timer`]).
//!
//! include/linux/ktime.h, include/linux/jiffies.h, include/linux/timekeeping.h.
//!
//! # Examples
//!
//! ```
//! use kernel::time::{Delta, Instant, Monotonic};
//!
//! let start = Instant::<Monotonic>::now();
//! let deadline = start + Delta::from_secs(60);
//! assert!(start.elapsed() < Delta::from_secs(60));
//! assert_eq!(deadline - start, Delta::from_millis(60_000));
//! ```

#![allow(unsafe_code, reason = "the C edge of clocks")]

pub mod delay;
mod delta;
pub mod hrtimer;
mod instant;
pub mod timer;

use core::ffi::c_uint;

pub use delta::{Delta, Jiffy, Nsec, TimeUnit};
pub use instant::{BootTime, ClockSource, Instant, Monotonic, RealTime, Tai};

/// So many nanoseconds are a microsecond.
pub const NSEC_PER_USEC: i64 = 1_000;

/// So many nanoseconds are a millisecond.
pub const NSEC_PER_MSEC: i64 = 1_000_000;

/// So many nanoseconds are a second.
pub const NSEC_PER_SEC: i64 = 1_000_000_000;

/// A time or a span in ticks of the kernel's clock, whose length is the kernel's choice: 1 to 10 ms.
pub type Jiffies = usize;

/// So many milliseconds.
pub type Msecs = c_uint;

/// At least so many milliseconds in ticks of the kernel's clock. Any context.
pub fn msecs_to_jiffies(msecs: Msecs) -> Jiffies {
    // SAFETY: any number can be converted.
    unsafe { koxide_abi::kx_msecs_to_jiffies(msecs) }
}

/// The kernel's count of ticks; it does not begin at 0, and wraps. Any context.
pub fn jiffies() -> Jiffies {
    // SAFETY: it can always be asked for.
    unsafe { koxide_abi::kx_jiffies() }
}
