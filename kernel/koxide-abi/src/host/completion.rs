// SPDX-License-Identifier: GPL-2.0-only

//! Completions: the room's first bytes count how often it was done, and behind them is a wait queue.

use core::ffi::{c_int, c_long, c_ulong, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

use super::{context, wait};
use crate::{TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE};

/// Done for good.
const ALL: u32 = u32::MAX;

/// How often it was done.
///
/// # Safety
///
/// `completion` points at a completion's room that lives as long as the result is used.
unsafe fn count<'a>(completion: *mut c_void) -> &'a AtomicU32 {
    // SAFETY: the room is aligned and used by nothing but these functions, each of which uses it as an atomic.
    unsafe { AtomicU32::from_ptr(completion.cast()) }
}

/// Where its wait queue is.
fn queue(completion: *mut c_void) -> *mut c_void {
    completion.wrapping_byte_add(8)
}

/// Twin of `kx_init_completion`.
///
/// # Safety
///
/// As for `kx_init_completion`.
pub(crate) unsafe fn init(completion: *mut c_void) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { completion.cast::<u32>().write(0) };
    // SAFETY: the second half of the room is the queue's, and the caller's to initialise, too.
    unsafe { wait::init_unclassed(queue(completion)) };
}

/// Twin of `kx_complete`.
///
/// # Safety
///
/// As for `kx_complete`.
pub(crate) unsafe fn complete(completion: *mut c_void) {
    // SAFETY: the completion was initialised and lives.
    let count = unsafe { count(completion) };
    let _ = count.fetch_update(Ordering::Release, Ordering::Relaxed, |done| {
        (done != ALL).then(|| done + 1)
    });
    // SAFETY: the queue was initialised with it.
    unsafe { wait::wake_some(queue(completion), 1) };
}

/// Twin of `kx_complete_all`.
///
/// # Safety
///
/// As for `kx_complete_all`.
pub(crate) unsafe fn complete_all(completion: *mut c_void) {
    // SAFETY: the completion was initialised and lives.
    unsafe { count(completion) }.store(ALL, Ordering::Release);
    // SAFETY: the queue was initialised with it.
    unsafe { wait::wake_some(queue(completion), 0) };
}

/// Twin of `kx_reinit_completion`.
///
/// # Safety
///
/// As for `kx_reinit_completion`.
pub(crate) unsafe fn reinit(completion: *mut c_void) {
    // SAFETY: the completion was initialised and lives.
    unsafe { count(completion) }.store(0, Ordering::Release);
}

/// Waits: what is left of the time; 0 when it is over, negative when a signal came.
///
/// # Safety
///
/// As for `kx_wait_for_completion`.
unsafe fn wait_for(completion: *mut c_void, state: u32, mut left: c_long) -> c_long {
    context::might_sleep();
    let mut entry = crate::WaitQueueEntry([0; crate::WAIT_QUEUE_ENTRY_ROOM]);
    let entry: *mut c_void = (&raw mut entry).cast();
    let queue = queue(completion);
    // SAFETY: it stays here until this returns.
    unsafe { wait::init_entry(entry, 0) };
    let result = loop {
        // SAFETY: both were initialised.
        unsafe { wait::prepare_exclusive(queue, entry, state) };
        // SAFETY: the contract is the same.
        if unsafe { try_wait(completion) } != 0 {
            break left.max(1);
        }
        if state == TASK_INTERRUPTIBLE && super::task::Task::current().signal_pending() {
            break wait::INTERRUPTED;
        }
        if left == 0 {
            break 0;
        }
        // SAFETY: it is not negative.
        left = unsafe { wait::schedule_timeout(left) };
    };
    // SAFETY: both were initialised.
    unsafe { wait::finish(queue, entry) };
    result
}

/// So many jiffies, but not for ever.
fn bounded(jiffies: c_ulong) -> c_long {
    c_long::try_from(jiffies).unwrap_or(c_long::MAX - 1)
}

/// Twin of `kx_wait_for_completion`.
///
/// # Safety
///
/// As for `kx_wait_for_completion`.
pub(crate) unsafe fn wait(completion: *mut c_void) {
    // SAFETY: the contract is the same.
    unsafe { wait_for(completion, TASK_UNINTERRUPTIBLE, c_long::MAX) };
}

/// Twin of `kx_wait_for_completion_interruptible`.
///
/// # Safety
///
/// As for `kx_wait_for_completion_interruptible`.
pub(crate) unsafe fn wait_interruptible(completion: *mut c_void) -> c_int {
    // SAFETY: the contract is the same.
    let left = unsafe { wait_for(completion, TASK_INTERRUPTIBLE, c_long::MAX) };
    left.min(0) as c_int
}

/// Twin of `kx_wait_for_completion_timeout`.
///
/// # Safety
///
/// As for `kx_wait_for_completion_timeout`.
pub(crate) unsafe fn wait_timeout(completion: *mut c_void, jiffies: c_ulong) -> c_ulong {
    // SAFETY: the contract is the same.
    unsafe { wait_for(completion, TASK_UNINTERRUPTIBLE, bounded(jiffies)) }.unsigned_abs()
}

/// Twin of `kx_wait_for_completion_interruptible_timeout`.
///
/// # Safety
///
/// As for `kx_wait_for_completion_interruptible_timeout`.
pub(crate) unsafe fn wait_interruptible_timeout(
    completion: *mut c_void,
    jiffies: c_ulong,
) -> c_long {
    // SAFETY: the contract is the same.
    unsafe { wait_for(completion, TASK_INTERRUPTIBLE, bounded(jiffies)) }
}

/// Twin of `kx_try_wait_for_completion`.
///
/// # Safety
///
/// As for `kx_try_wait_for_completion`.
pub(crate) unsafe fn try_wait(completion: *mut c_void) -> c_int {
    // SAFETY: the completion was initialised and lives.
    let count = unsafe { count(completion) };
    let taken = count.fetch_update(Ordering::Acquire, Ordering::Relaxed, |done| match done {
        ALL => Some(ALL),
        done => done.checked_sub(1),
    });
    c_int::from(taken.is_ok())
}

/// Twin of `kx_completion_done`.
///
/// # Safety
///
/// As for `kx_completion_done`.
pub(crate) unsafe fn done(completion: *mut c_void) -> c_int {
    // SAFETY: the completion was initialised and lives.
    c_int::from(unsafe { count(completion) }.load(Ordering::Acquire) != 0)
}
