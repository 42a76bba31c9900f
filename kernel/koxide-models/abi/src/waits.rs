// SPDX-License-Identifier: GPL-2.0-only

//! What waits for other threads: on a lock of loom's in a model, and as the twins on the host elsewhere.

use core::ffi::c_ulong;
use std::cell::RefCell;
use std::mem::ManuallyDrop;

use koxide_models_core::active;
use loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

loom::lazy_static! {
    static ref PENDING: Mutex<()> = Mutex::new(());
    static ref READERS: RwLock<()> = RwLock::new(());
}

/// What a model that failed leaves behind is not dropped: there is no model any more.
type Kept<T> = RefCell<Vec<ManuallyDrop<T>>>;

// Loom runs all threads of a model in turns on one thread of the system: what is local to that is shared by them.
thread_local! {
    static LOCKED: Kept<MutexGuard<'static, ()>> = const { RefCell::new(Vec::new()) };
    static READING: Kept<RwLockReadGuard<'static, ()>> = const { RefCell::new(Vec::new()) };
}

/// Lets go of the guard that was taken last.
fn release<T>(kept: &'static std::thread::LocalKey<Kept<T>>) {
    // What is dropped lets other threads go on, and is not borrowed then.
    let guard = kept.with_borrow_mut(Vec::pop);
    drop(guard.map(ManuallyDrop::into_inner));
}

/// Locks the module's list.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_pending_lock() -> c_ulong {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        return unsafe { koxide_abi::kx_pending_lock() };
    }
    let guard = PENDING.lock().expect("no thread of a model has panicked");
    LOCKED.with_borrow_mut(|locked| locked.push(ManuallyDrop::new(guard)));
    0
}

/// Unlocks the list.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_pending_unlock(flags: c_ulong) {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        return unsafe { koxide_abi::kx_pending_unlock(flags) };
    }
    release(&LOCKED);
}

/// Lets other threads go on.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_pending_pause() {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        return unsafe { koxide_abi::kx_pending_pause() };
    }
    loom::thread::yield_now();
}

/// Nothing: a thread of a model that has ended a callback is out of it.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_pending_synchronize() {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        unsafe { koxide_abi::kx_pending_synchronize() };
    }
}

/// Begins a critical section.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_rcu_read_lock() {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        return unsafe { koxide_abi::kx_rcu_read_lock() };
    }
    let guard = READERS.read().expect("no thread of a model has panicked");
    READING.with_borrow_mut(|reading| reading.push(ManuallyDrop::new(guard)));
}

/// Ends a critical section: any one of those that are under way, since the guards are alike.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_rcu_read_unlock() {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        return unsafe { koxide_abi::kx_rcu_read_unlock() };
    }
    release(&READING);
}

/// Waits until no thread is in a critical section.
///
/// # Safety
///
/// As the kernel's.
pub unsafe fn kx_synchronize_rcu() {
    if !active() {
        // SAFETY: the caller promises what this asks for.
        return unsafe { koxide_abi::kx_synchronize_rcu() };
    }
    drop(READERS.write().expect("no thread of a model has panicked"));
}
