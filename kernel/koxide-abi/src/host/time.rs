// SPDX-License-Identifier: GPL-2.0-only

//! Clocks, and sleeping: a tick is a millisecond.

use core::ffi::c_uint;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::task::{sleep_for, sleep_until_woken};
use crate::TASK_INTERRUPTIBLE;

/// The moment from which on time is counted.
fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// The time of the one clock.
pub(super) fn nanoseconds() -> i64 {
    i64::try_from(start().elapsed().as_nanos()).unwrap_or(i64::MAX)
}

/// So many ticks.
pub(super) fn span(ticks: usize) -> Duration {
    Duration::from_millis(ticks as u64)
}

/// At least such a span in ticks.
pub(super) fn jiffies(span: Duration) -> usize {
    let millis = span.as_nanos().div_ceil(1_000_000);
    usize::try_from(millis).unwrap_or(usize::MAX)
}

/// Twin of `kx_ktime_get`: one clock for all.
///
/// # Safety
///
/// As for `kx_ktime_get`.
pub(crate) unsafe fn ktime_get(_clock: u32) -> i64 {
    nanoseconds()
}

/// Twin of `kx_jiffies`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn now() -> usize {
    start().elapsed().as_millis() as usize
}

/// Twin of `kx_msecs_to_jiffies`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn msecs_to_jiffies(milliseconds: c_uint) -> usize {
    milliseconds as usize
}

/// Twin of `kx_fsleep`.
///
/// # Safety
///
/// As for `kx_fsleep`.
pub(crate) unsafe fn fsleep(microseconds: u64) {
    sleep_for(Duration::from_micros(microseconds));
}

/// Twin of `kx_udelay`: it does not sleep.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn udelay(microseconds: u32) {
    std::thread::sleep(Duration::from_micros(microseconds.into()));
}

/// Twin of `kx_usleep_range`.
///
/// # Safety
///
/// As for `kx_usleep_range`.
pub(crate) unsafe fn usleep_range(least: usize, _most: usize) {
    sleep_for(Duration::from_micros(least as u64));
}

/// Twin of `kx_sleep_ticks`.
///
/// # Safety
///
/// As for `kx_sleep_ticks`.
pub(crate) unsafe fn sleep_ticks(ticks: usize, interruptible: u32) -> usize {
    jiffies(sleep_until_woken(span(ticks), interruptible != 0))
}

/// Twin of `kx_msleep_interruptible`.
///
/// # Safety
///
/// As for `kx_msleep_interruptible`.
pub(crate) unsafe fn msleep_interruptible(milliseconds: c_uint) -> usize {
    // SAFETY: the contract is the same.
    unsafe { sleep_ticks(milliseconds as usize, TASK_INTERRUPTIBLE) }
}
