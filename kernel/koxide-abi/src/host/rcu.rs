// SPDX-License-Identifier: GPL-2.0-only

//! Readers share a lock, and a grace period has passed when it was held exclusively.

use std::cell::RefCell;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::context;

/// Held by readers.
static READERS: RwLock<()> = RwLock::new(());

thread_local! {
    /// The critical sections that this thread is in; the first one holds the lock.
    static SECTIONS: RefCell<Vec<Option<RwLockReadGuard<'static, ()>>>> = const { RefCell::new(Vec::new()) };
}

/// Twin of `kx_rcu_read_lock`.
///
/// # Safety
///
/// As for `kx_rcu_read_lock`.
pub(crate) unsafe fn read_lock() {
    context::enter_atomic();
    SECTIONS.with_borrow_mut(|sections| {
        let first = sections.is_empty();
        sections.push(first.then(|| READERS.read().unwrap_or_else(PoisonError::into_inner)));
    });
}

/// Twin of `kx_rcu_read_unlock`.
///
/// # Safety
///
/// As for `kx_rcu_read_unlock`.
pub(crate) unsafe fn read_unlock() {
    let ended = SECTIONS.with_borrow_mut(Vec::pop);
    assert!(ended.is_some(), "ended a section that was not begun");
    context::leave_atomic();
}

/// Twin of `kx_synchronize_rcu`.
///
/// # Safety
///
/// As for `kx_synchronize_rcu`.
pub(crate) unsafe fn synchronize() {
    context::might_sleep();
    drop(READERS.write().unwrap_or_else(PoisonError::into_inner));
}
