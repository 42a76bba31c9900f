// SPDX-License-Identifier: GPL-2.0-only

//! Timers of high resolution, all of one clock.

use core::ffi::{c_int, c_void};

use super::later::{Call, Timer};
use super::machine::current;
use super::time::nanoseconds;
use super::wait::{number, set_number};
use crate::HRTIMER_MODE_REL;

/// Twin of `kx_hrtimer_init`.
///
/// # Safety
///
/// As for `kx_hrtimer_init`.
pub(crate) unsafe fn init(
    timer: *mut c_void,
    run: unsafe extern "C" fn(timer: *mut c_void) -> c_int,
    _clock: u32,
    _mode: u32,
) {
    // SAFETY: the room is the caller's to initialise.
    let number = unsafe { set_number(timer) };
    let made = Timer::new(timer, Call::HrTimer(run));
    current().later.lock().timers.insert(number, made);
}

/// Twin of `kx_hrtimer_start`.
///
/// # Safety
///
/// As for `kx_hrtimer_start`.
pub(crate) unsafe fn start(timer: *mut c_void, time: i64, mode: u32) {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    let machine = current();
    let due = if mode & HRTIMER_MODE_REL != 0 {
        nanoseconds().saturating_add(time)
    } else {
        time
    };
    let mut plan = machine.later.lock();
    machine.arm(&mut plan, number, due);
}

/// Twin of `kx_hrtimer_cancel`.
///
/// # Safety
///
/// As for `kx_hrtimer_cancel`.
pub(crate) unsafe fn cancel(timer: *mut c_void) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    c_int::from(current().cancel(number, false))
}

/// Twin of `kx_hrtimer_try_to_cancel`.
///
/// # Safety
///
/// As for `kx_hrtimer_try_to_cancel`.
pub(crate) unsafe fn try_to_cancel(timer: *mut c_void) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    current().try_to_cancel(number)
}

/// Twin of `kx_hrtimer_forward`.
///
/// # Safety
///
/// As for `kx_hrtimer_forward`.
pub(crate) unsafe fn forward(timer: *mut c_void, now: i64, interval: i64) -> u64 {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    let machine = current();
    let mut plan = machine.later.lock();
    let timer = plan.timers.get_mut(&number).expect("a timer was made");
    let late = now.saturating_sub(timer.expires);
    if late < 0 || timer.due.is_some() {
        return 0;
    }
    // The kernel's clock has a resolution, below which no interval is.
    let interval = interval.max(1);
    let times = late / interval + 1;
    timer.expires = timer.expires.saturating_add(interval.saturating_mul(times));
    times.cast_unsigned()
}

/// Twin of `kx_hrtimer_expires`.
///
/// # Safety
///
/// As for `kx_hrtimer_expires`.
pub(crate) unsafe fn expires(timer: *mut c_void) -> i64 {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    let machine = current();
    let plan = machine.later.lock();
    plan.timers.get(&number).map_or(0, |timer| timer.expires)
}
