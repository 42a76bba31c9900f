// SPDX-License-Identifier: GPL-2.0-only

//! Completions whose waiters spin: the room's first bytes count how often it was done.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

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

/// Twin of `kx_init_completion`.
///
/// # Safety
///
/// As for `kx_init_completion`.
pub(crate) unsafe fn init(completion: *mut c_void) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { completion.cast::<u32>().write(0) };
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
}

/// Twin of `kx_complete_all`.
///
/// # Safety
///
/// As for `kx_complete_all`.
pub(crate) unsafe fn complete_all(completion: *mut c_void) {
    // SAFETY: the completion was initialised and lives.
    unsafe { count(completion) }.store(ALL, Ordering::Release);
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

/// Twin of `kx_wait_for_completion`.
///
/// # Safety
///
/// As for `kx_wait_for_completion`.
pub(crate) unsafe fn wait(completion: *mut c_void) {
    // SAFETY: the contract is the same.
    while unsafe { try_wait(completion) } == 0 {
        std::thread::yield_now();
    }
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
