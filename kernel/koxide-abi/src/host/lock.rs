// SPDX-License-Identifier: GPL-2.0-only

//! Locks that spin: the first byte of the room is the state.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU8, Ordering};

use super::context;
use crate::lockdep::LockClass;

/// The state of a lock.
///
/// # Safety
///
/// `lock` points at a lock's room that lives as long as the result is used.
unsafe fn state<'a>(lock: *mut c_void) -> &'a AtomicU8 {
    // SAFETY: the room is valid and used by nothing but these functions, each of which uses it as an atomic.
    unsafe { AtomicU8::from_ptr(lock.cast()) }
}

/// Twin of `kx_mutex_init` and `kx_spin_lock_init`.
///
/// # Safety
///
/// As for `kx_mutex_init`.
pub(crate) unsafe fn init(lock: *mut c_void, _class: LockClass) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { lock.cast::<u8>().write(0) };
}

/// Twin of `kx_mutex_lock`.
///
/// # Safety
///
/// As for `kx_mutex_lock`.
pub(crate) unsafe fn mutex_lock(lock: *mut c_void) {
    context::might_sleep();
    // SAFETY: the contract is the same.
    while unsafe { mutex_trylock(lock) } == 0 {
        std::thread::yield_now();
    }
}

/// Twin of `kx_mutex_trylock`.
///
/// # Safety
///
/// As for `kx_mutex_trylock`.
pub(crate) unsafe fn mutex_trylock(lock: *mut c_void) -> c_int {
    // SAFETY: the lock was initialised and lives.
    let state = unsafe { state(lock) };
    c_int::from(state.swap(1, Ordering::Acquire) == 0)
}

/// Twin of `kx_mutex_unlock`.
///
/// # Safety
///
/// As for `kx_mutex_unlock`.
pub(crate) unsafe fn mutex_unlock(lock: *mut c_void) {
    // SAFETY: the lock was initialised and lives.
    let state = unsafe { state(lock) };
    assert_eq!(
        state.swap(0, Ordering::Release),
        1,
        "unlocked a lock that was not locked"
    );
}

/// Twin of `kx_spin_lock`: nothing sleeps while it is held.
///
/// # Safety
///
/// As for `kx_spin_lock`.
pub(crate) unsafe fn spin_lock(lock: *mut c_void) {
    // SAFETY: the state is used in the same way.
    context::spin(|| unsafe { mutex_trylock(lock) });
}

/// Twin of `kx_spin_trylock`.
///
/// # Safety
///
/// As for `kx_spin_trylock`.
pub(crate) unsafe fn spin_trylock(lock: *mut c_void) -> c_int {
    // SAFETY: the state is used in the same way.
    context::spin_once(unsafe { mutex_trylock(lock) })
}

/// Twin of `kx_spin_unlock`.
///
/// # Safety
///
/// As for `kx_spin_unlock`.
pub(crate) unsafe fn spin_unlock(lock: *mut c_void) {
    // SAFETY: the state is used in the same way.
    unsafe { mutex_unlock(lock) };
    context::leave_atomic();
}
