// SPDX-License-Identifier: GPL-2.0-only

//! Completions: include/linux/completion.h.

use core::ffi::{c_int, c_long, c_ulong, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::completion as twin;

rooms! {
    /// Bytes reserved for a `struct completion`; `shims/completion.c` checks that the target's fits.
    pub const COMPLETION_ROOM: usize = 48;
}

/// Room for a `struct completion`.
#[repr(C, align(8))]
pub struct Completion(pub [u8; COMPLETION_ROOM]);

shims! {
    /// Makes a completion, not done.
    ///
    /// # Safety
    ///
    /// `completion` points at room of the size and alignment of [`Completion`] that nothing else uses and that does not
    /// move from now on.
    #[host(twin::init)]
    pub fn kx_init_completion(completion: *mut c_void);

    /// Does it once more: one that waits, or the next to wait, gets through. Any context.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`].
    #[host(twin::complete)]
    pub fn kx_complete(completion: *mut c_void);

    /// Does it for good: all that wait, and all that will, get through. Any context.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`].
    #[host(twin::complete_all)]
    pub fn kx_complete_all(completion: *mut c_void);

    /// Takes back what was done and not waited for, and that it was done for good. Any context.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`].
    #[host(twin::reinit)]
    pub fn kx_reinit_completion(completion: *mut c_void);

    /// Waits until it is done.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`]. Process context.
    #[host(twin::wait)]
    pub fn kx_wait_for_completion(completion: *mut c_void);

    /// Waits until it is done, 0, or for a signal, a negative errno.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`]. Process context.
    #[host(twin::wait_interruptible)]
    pub fn kx_wait_for_completion_interruptible(completion: *mut c_void) -> c_int;

    /// Waits until it is done, at most `jiffies`: says how many are left, at least 1, or 0 when the time is over.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`], and `jiffies` is at most `c_long::MAX`. Process context.
    #[host(twin::wait_timeout)]
    pub fn kx_wait_for_completion_timeout(completion: *mut c_void, jiffies: c_ulong) -> c_ulong;

    /// As [`kx_wait_for_completion_timeout`], or a negative errno when a signal came first.
    ///
    /// # Safety
    ///
    /// As for [`kx_wait_for_completion_timeout`].
    #[host(twin::wait_interruptible_timeout)]
    pub fn kx_wait_for_completion_interruptible_timeout(completion: *mut c_void, jiffies: c_ulong) -> c_long;

    /// Gets through if it is done, 1, and does not wait otherwise, 0. Any context.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`].
    #[host(twin::try_wait)]
    pub fn kx_try_wait_for_completion(completion: *mut c_void) -> c_int;

    /// Whether somebody would get through now: 1 or 0. Any context.
    ///
    /// # Safety
    ///
    /// `completion` was made by [`kx_init_completion`].
    #[host(twin::done)]
    pub fn kx_completion_done(completion: *mut c_void) -> c_int;
}
