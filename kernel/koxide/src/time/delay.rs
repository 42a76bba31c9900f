// SPDX-License-Identifier: GPL-2.0-only

//! Waiting: include/linux/delay.h, include/linux/sched.h.
//!
//! | how long, and who waits | function |
//! |---|---|
//! | a few microseconds, in any context | [`udelay`] |
//! | any time, in a thread | [`fsleep`] |
//! | a time that has some play, in a thread | [`usleep_range`] |
//! | until a signal comes | [`msleep_interruptible`], [`schedule_timeout_interruptible`] |
//! | until the thread is told to stop | [`kthread::sleep`](crate::kthread::sleep) |

#![allow(unsafe_code, reason = "the C edge of waiting")]

use super::{Delta, Jiffies, Msecs};

/// Sleeps for at least a span of time, whatever signals come, in the way that suits its length.
///
/// # Context
///
/// Process context; sleeps.
pub fn fsleep(delta: Delta) {
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_fsleep(micros(delta)) };
}

/// Sleeps for at least so many milliseconds, whatever signals come.
///
/// # Context
///
/// Process context; sleeps.
pub fn msleep(msecs: Msecs) {
    fsleep(Delta::from_millis(i64::from(msecs)));
}

/// Sleeps for at least `least` and about `most` at the latest, whatever signals come.
///
/// # Context
///
/// Process context; sleeps.
pub fn usleep_range(least: Delta, most: Delta) {
    // What 32 bits do not count takes more than an hour, for which the latest time is no matter.
    let Ok(microseconds) = usize::try_from(micros(least)) else {
        return fsleep(least);
    };
    let most = usize::try_from(micros(most)).unwrap_or(usize::MAX);
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_usleep_range(microseconds, most) };
}

/// Sleeps for so many milliseconds, or until a signal comes; says how many are left.
///
/// # Context
///
/// Process context; sleeps.
pub fn msleep_interruptible(msecs: Msecs) -> Msecs {
    // SAFETY: there is no contract but the context.
    let left = unsafe { koxide_abi::kx_msleep_interruptible(msecs) };
    Msecs::try_from(left).unwrap_or(Msecs::MAX)
}

/// Sleeps for so many ticks, or until the thread is [woken up](crate::task::Task::wake_up); says how many are left.
///
/// # Context
///
/// Process context; sleeps.
pub fn schedule_timeout_uninterruptible(timeout: Jiffies) -> Jiffies {
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_sleep_ticks(timeout, 0) }
}

/// Sleeps for so many ticks, or until the thread is [woken up](crate::task::Task::wake_up) or a signal comes; says how
/// many are left.
///
/// # Context
///
/// Process context; sleeps.
pub fn schedule_timeout_interruptible(timeout: Jiffies) -> Jiffies {
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_sleep_ticks(timeout, 1) }
}

/// Waits for at least a span of time without sleeping; at most 5 ms, which is long for nobody else to run.
///
/// # Context
///
/// Any context.
pub fn udelay(delta: Delta) {
    const LONGEST: Delta = Delta::from_millis(5);
    let micros = micros(delta.clamp(Delta::ZERO, LONGEST));
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_udelay(u32::try_from(micros).unwrap_or(0)) };
}

/// A span in microseconds. One that is too long for the kernel, which counts up to so many milliseconds, is for ever.
fn micros(delta: Delta) -> u64 {
    const FOR_EVER: u64 = u32::MAX as u64 * 1000;
    u64::try_from(delta.as_micros_ceil())
        .unwrap_or(0)
        .min(FOR_EVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_is_cut_to_a_shorter_one() {
        assert_eq!(micros(Delta::from_nanos(1)), 1);
        assert_eq!(micros(Delta::from_secs(-1)), 0);
        // 2^32 milliseconds and a little: the little must not be all that is left of it.
        let long = micros(Delta::from_millis((1 << 32) + 5));
        assert_eq!(long.div_ceil(1000), u64::from(u32::MAX));
        assert_eq!(micros(Delta::from_secs(i64::MAX)), long);
    }
}
