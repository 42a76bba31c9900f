// SPDX-License-Identifier: GPL-2.0-only

//! The lock of what is pending, and waiting for it.

use core::ffi::c_ulong;
use core::sync::atomic::{AtomicBool, Ordering};

static LOCKED: AtomicBool = AtomicBool::new(false);

/// Twin of `kx_pending_lock`.
///
/// # Safety
///
/// As for `kx_pending_lock`.
pub(crate) unsafe fn lock() -> c_ulong {
    while LOCKED.swap(true, Ordering::Acquire) {
        std::thread::yield_now();
    }
    0
}

/// Twin of `kx_pending_unlock`.
///
/// # Safety
///
/// As for `kx_pending_unlock`.
pub(crate) unsafe fn unlock(_flags: c_ulong) {
    LOCKED.store(false, Ordering::Release);
}

/// Twin of `kx_pending_pause`.
///
/// # Safety
///
/// As for `kx_pending_pause`.
pub(crate) unsafe fn pause() {
    std::thread::yield_now();
}

/// Twin of `kx_pending_synchronize`: code is never unloaded here.
///
/// # Safety
///
/// As for `kx_pending_synchronize`.
pub(crate) unsafe fn synchronize() {}
