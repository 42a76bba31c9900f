// SPDX-License-Identifier: GPL-2.0-only

//! Timers that count ticks: include/linux/timer.h.

use core::ffi::{c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::timer as twin;

rooms! {
    /// Bytes reserved for a `struct timer_list`; `shims/timer.c` checks that the target's fits.
    pub const TIMER_ROOM: usize = 48;
}

/// Room for a `struct timer_list`.
#[repr(C, align(8))]
pub struct Timer(pub [u8; TIMER_ROOM]);

shims! {
    /// Makes a timer that is not armed.
    ///
    /// # Safety
    ///
    /// `timer` points at room of the size and alignment of [`Timer`] that nothing else uses and that does not move from
    /// now on. Each time that it is armed `run` may be called with it, once, in a softirq.
    #[host(twin::init)]
    pub fn kx_timer_init(timer: *mut c_void, run: unsafe extern "C" fn(timer: *mut c_void));

    /// Arms a timer for so many ticks from now on; 1 when it was armed before. Any context.
    ///
    /// # Safety
    ///
    /// The timer was made, and stays until it was deleted.
    #[host(twin::arm)]
    pub fn kx_timer_arm(timer: *mut c_void, ticks: usize) -> c_int;

    /// Whether a timer is armed: 1 or 0. Any context.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::pending)]
    pub fn kx_timer_pending(timer: *mut c_void) -> c_int;

    /// Disarms a timer, and waits until its function is not called; 1 when it was armed. Not in hard interrupts, and
    /// not in its own function.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::delete_sync)]
    pub fn kx_timer_delete_sync(timer: *mut c_void) -> c_int;

    /// Disarms a timer: 1 when it was armed, 0 when it was not, -1 when its function is being called. Any context.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::try_to_delete)]
    pub fn kx_timer_try_to_delete(timer: *mut c_void) -> c_int;

    /// As [`kx_timer_delete_sync`], and the timer cannot be armed any more.
    ///
    /// # Safety
    ///
    /// The timer was made.
    #[host(twin::shutdown_sync)]
    pub fn kx_timer_shutdown_sync(timer: *mut c_void) -> c_int;
}
