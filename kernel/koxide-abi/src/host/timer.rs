// SPDX-License-Identifier: GPL-2.0-only

//! Timers that count ticks.

use core::ffi::{c_int, c_void};

use super::later::{Call, Timer};
use super::machine::current;
use super::time::{nanoseconds, span};
use super::wait::{number, set_number};

/// Twin of `kx_timer_init`.
///
/// # Safety
///
/// As for `kx_timer_init`.
pub(crate) unsafe fn init(timer: *mut c_void, run: unsafe extern "C" fn(timer: *mut c_void)) {
    // SAFETY: the room is the caller's to initialise.
    let number = unsafe { set_number(timer) };
    let made = Timer::new(timer, Call::Timer(run));
    current().later.lock().timers.insert(number, made);
}

/// Twin of `kx_timer_arm`.
///
/// # Safety
///
/// As for `kx_timer_arm`.
pub(crate) unsafe fn arm(timer: *mut c_void, ticks: usize) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    let machine = current();
    let ticks = i64::try_from(span(ticks).as_nanos()).unwrap_or(i64::MAX);
    let due = nanoseconds().saturating_add(ticks);
    let mut plan = machine.later.lock();
    c_int::from(machine.arm(&mut plan, number, due))
}

/// Twin of `kx_timer_pending`.
///
/// # Safety
///
/// As for `kx_timer_pending`.
pub(crate) unsafe fn pending(timer: *mut c_void) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    let machine = current();
    let plan = machine.later.lock();
    let started = plan
        .timers
        .get(&number)
        .is_some_and(|timer| timer.due.is_some());
    c_int::from(started)
}

/// Twin of `kx_timer_delete_sync`.
///
/// # Safety
///
/// As for `kx_timer_delete_sync`.
pub(crate) unsafe fn delete_sync(timer: *mut c_void) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    c_int::from(current().cancel(number, false))
}

/// Twin of `kx_timer_try_to_delete`.
///
/// # Safety
///
/// As for `kx_timer_try_to_delete`.
pub(crate) unsafe fn try_to_delete(timer: *mut c_void) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    current().try_to_cancel(number)
}

/// Twin of `kx_timer_shutdown_sync`.
///
/// # Safety
///
/// As for `kx_timer_shutdown_sync`.
pub(crate) unsafe fn shutdown_sync(timer: *mut c_void) -> c_int {
    // SAFETY: the timer was made.
    let number = unsafe { number(timer) };
    c_int::from(current().cancel(number, true))
}
