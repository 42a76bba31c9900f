// SPDX-License-Identifier: GPL-2.0-only

//! The running thread: include/linux/sched.h, include/linux/sched/signal.h.

use core::ffi::c_int;

shims! {
    /// The thread's number in the first PID namespace.
    ///
    /// # Safety
    ///
    /// None. Process context, for the answer to mean anything.
    pub fn kx_current_pid() -> c_int;

    /// Whether a signal waits for the running thread: 1 or 0.
    ///
    /// # Safety
    ///
    /// None. Process context.
    pub fn kx_current_signal_pending() -> c_int;

    /// Lets another thread run when one waits for this CPU. May sleep.
    ///
    /// # Safety
    ///
    /// None. Process context.
    pub fn kx_cond_resched();
}
