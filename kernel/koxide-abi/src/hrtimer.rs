// SPDX-License-Identifier: GPL-2.0-only

//! Timers of high resolution: include/linux/hrtimer.h.

use core::ffi::{c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::hrtimer as twin;

rooms! {
    /// Bytes reserved for a `struct hrtimer`; `shims/hrtimer.c` checks that the target's fits.
    pub const HRTIMER_ROOM: usize = 96;
}

/// Room for a `struct hrtimer`.
#[repr(C, align(8))]
pub struct HrTimer(pub [u8; HRTIMER_ROOM]);

/// The time is a span from now on, and not one of the clock.
pub const HRTIMER_MODE_REL: u32 = 1;
/// The timer stays on the CPU that starts it.
pub const HRTIMER_MODE_PINNED: u32 = 2;
/// The function is called in a softirq.
pub const HRTIMER_MODE_SOFT: u32 = 4;
/// The function is called in a hard interrupt, on PREEMPT_RT too.
pub const HRTIMER_MODE_HARD: u32 = 8;

shims! {
    /// Makes a timer that is not started.
    ///
    /// # Safety
    ///
    /// `timer` points at room of the size and alignment of [`HrTimer`] that nothing else uses and that does not move from
    /// now on. `clock` is the number of a clock that timers have, `mode` one of the modes. While it is started `run` may
    /// be called with it; it says 1 for the timer to be started again.
    #[host(twin::init)]
    pub fn kx_hrtimer_init(
        timer: *mut c_void,
        run: unsafe extern "C" fn(timer: *mut c_void) -> c_int,
        clock: u32,
        mode: u32,
    );

    /// Starts a timer, or sets it to another time, in nanoseconds. Any context.
    ///
    /// # Safety
    ///
    /// The timer was made with this mode, and stays until it was cancelled.
    #[host(twin::start)]
    pub fn kx_hrtimer_start(timer: *mut c_void, nanoseconds: i64, mode: u32);

    /// Stops a timer, and waits until its function is not called; 1 when it was started. Any context but that of its
    /// own function.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::cancel)]
    pub fn kx_hrtimer_cancel(timer: *mut c_void) -> c_int;

    /// Stops a timer: 1 when it was started, 0 when it was not, -1 when its function is being called. Any context.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::try_to_cancel)]
    pub fn kx_hrtimer_try_to_cancel(timer: *mut c_void) -> c_int;

    /// Sets a timer's time to the first after `now` that is a multiple of `interval` nanoseconds after it; how many they
    /// were. 0 when the timer was started meanwhile.
    ///
    /// # Safety
    ///
    /// The timer was made. Called by its function.
    #[host(twin::forward)]
    pub fn kx_hrtimer_forward(timer: *mut c_void, now: i64, interval: i64) -> u64;

    /// The time that a timer was set to last, in nanoseconds.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::expires)]
    pub fn kx_hrtimer_expires(timer: *mut c_void) -> i64;
}
