// SPDX-License-Identifier: GPL-2.0-only

//! Locks of readers and writers that spin: the room's first bytes count the readers.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU32, Ordering};

use super::context;
use crate::lockdep::LockClass;

/// Somebody writes.
const WRITER: u32 = u32::MAX;

/// How many read.
///
/// # Safety
///
/// `lock` points at a lock's room that lives as long as the result is used.
unsafe fn readers<'a>(lock: *mut c_void) -> &'a AtomicU32 {
    // SAFETY: the room is aligned and used by nothing but these functions, each of which uses it as an atomic.
    unsafe { AtomicU32::from_ptr(lock.cast()) }
}

/// Twin of `kx_rwlock_init` and `kx_init_rwsem`.
///
/// # Safety
///
/// As for `kx_rwlock_init`.
pub(crate) unsafe fn init(lock: *mut c_void, _class: LockClass) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { lock.cast::<u32>().write(0) };
}

/// Twin of `kx_down_read`.
///
/// # Safety
///
/// As for `kx_down_read`.
pub(crate) unsafe fn down_read(lock: *mut c_void) {
    context::might_sleep();
    // SAFETY: the contract is the same.
    while unsafe { try_down_read(lock) } == 0 {
        std::thread::yield_now();
    }
}

/// Twin of `kx_down_read_trylock`.
///
/// # Safety
///
/// As for `kx_down_read_trylock`.
pub(crate) unsafe fn try_down_read(lock: *mut c_void) -> c_int {
    // SAFETY: the lock was initialised and lives.
    let readers = unsafe { readers(lock) };
    let counted = readers.fetch_update(Ordering::Acquire, Ordering::Relaxed, |readers| {
        (readers != WRITER).then(|| readers + 1)
    });
    c_int::from(counted.is_ok())
}

/// Twin of `kx_up_read`.
///
/// # Safety
///
/// As for `kx_up_read`.
pub(crate) unsafe fn up_read(lock: *mut c_void) {
    // SAFETY: the lock was initialised and lives.
    let before = unsafe { readers(lock) }.fetch_sub(1, Ordering::Release);
    assert!(before != 0 && before != WRITER, "nobody was reading");
}

/// Twin of `kx_down_write`.
///
/// # Safety
///
/// As for `kx_down_write`.
pub(crate) unsafe fn down_write(lock: *mut c_void) {
    context::might_sleep();
    // SAFETY: the contract is the same.
    while unsafe { try_down_write(lock) } == 0 {
        std::thread::yield_now();
    }
}

/// Twin of `kx_down_write_trylock`.
///
/// # Safety
///
/// As for `kx_down_write_trylock`.
pub(crate) unsafe fn try_down_write(lock: *mut c_void) -> c_int {
    // SAFETY: the lock was initialised and lives.
    let readers = unsafe { readers(lock) };
    let locked = readers.compare_exchange(0, WRITER, Ordering::Acquire, Ordering::Relaxed);
    c_int::from(locked.is_ok())
}

/// Twin of `kx_up_write`.
///
/// # Safety
///
/// As for `kx_up_write`.
pub(crate) unsafe fn up_write(lock: *mut c_void) {
    // SAFETY: the lock was initialised and lives.
    let before = unsafe { readers(lock) }.swap(0, Ordering::Release);
    assert_eq!(before, WRITER, "nobody was writing");
}

/// Twin of `kx_downgrade_write`.
///
/// # Safety
///
/// As for `kx_downgrade_write`.
pub(crate) unsafe fn downgrade(lock: *mut c_void) {
    // SAFETY: the lock was initialised and lives.
    let before = unsafe { readers(lock) }.swap(1, Ordering::Release);
    assert_eq!(before, WRITER, "nobody was writing");
}

/// Twin of `kx_read_lock`: nothing sleeps while it is held.
///
/// # Safety
///
/// As for `kx_read_lock`.
pub(crate) unsafe fn read(lock: *mut c_void) {
    // SAFETY: the state is used in the same way.
    context::spin(|| unsafe { try_down_read(lock) });
}

/// Twin of `kx_read_trylock`.
///
/// # Safety
///
/// As for `kx_read_trylock`.
pub(crate) unsafe fn try_read(lock: *mut c_void) -> c_int {
    // SAFETY: the state is used in the same way.
    context::spin_once(unsafe { try_down_read(lock) })
}

/// Twin of `kx_read_unlock`.
///
/// # Safety
///
/// As for `kx_read_unlock`.
pub(crate) unsafe fn read_unlock(lock: *mut c_void) {
    // SAFETY: the state is used in the same way.
    unsafe { up_read(lock) };
    context::leave_atomic();
}

/// Twin of `kx_down_read_interruptible`: no signal comes while it waits.
///
/// # Safety
///
/// As for `kx_down_read`.
pub(crate) unsafe fn down_read_unless_signalled(lock: *mut c_void) -> c_int {
    // SAFETY: the contract is the same.
    unsafe { down_read(lock) };
    0
}

/// Twin of `kx_write_lock`: nothing sleeps while it is held.
///
/// # Safety
///
/// As for `kx_write_lock`.
pub(crate) unsafe fn write(lock: *mut c_void) {
    // SAFETY: the state is used in the same way.
    context::spin(|| unsafe { try_down_write(lock) });
}

/// Twin of `kx_write_trylock`.
///
/// # Safety
///
/// As for `kx_write_trylock`.
pub(crate) unsafe fn try_write(lock: *mut c_void) -> c_int {
    // SAFETY: the state is used in the same way.
    context::spin_once(unsafe { try_down_write(lock) })
}

/// Twin of `kx_write_unlock`.
///
/// # Safety
///
/// As for `kx_write_unlock`.
pub(crate) unsafe fn write_unlock(lock: *mut c_void) {
    // SAFETY: the state is used in the same way.
    unsafe { up_write(lock) };
    context::leave_atomic();
}

/// Twin of `kx_down_write_killable`: no signal comes while it waits.
///
/// # Safety
///
/// As for `kx_down_write`.
pub(crate) unsafe fn down_write_unless_signalled(lock: *mut c_void) -> c_int {
    // SAFETY: the contract is the same.
    unsafe { down_write(lock) };
    0
}
