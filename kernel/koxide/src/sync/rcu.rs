// SPDX-License-Identifier: GPL-2.0-only

//! Read-copy-update: readers that never wait, and writers that wait for them. include/linux/rcupdate.h.

#![allow(unsafe_code, reason = "the C edge of RCU")]

mod pointer;

use crate::types::NotThreadSafe;

pub use pointer::Rcu;

// The library itself queues no callbacks: what waits for readers, waits. So a module has none left when it goes.

/// A read-side critical section: what was reachable in it stays until the guard goes. It may be inside of another one.
///
/// It ends on the thread that began it:
///
/// ```compile_fail,E0277
/// fn to_another_thread(value: impl Send) {}
///
/// to_another_thread(kernel::sync::rcu::read_lock());
/// ```
#[must_use = "the critical section ends when the guard goes"]
pub struct Guard(NotThreadSafe);

impl Guard {
    /// Begins a critical section.
    ///
    /// # Context
    ///
    /// Any. Nothing sleeps until the guard goes.
    pub fn new() -> Self {
        // SAFETY: dropping the guard ends it, on this thread, as guards are not sent.
        unsafe { koxide_abi::kx_rcu_read_lock() };
        Self(NotThreadSafe)
    }

    /// Ends the critical section.
    pub fn unlock(self) {}
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // SAFETY: `new` began it on this thread.
        unsafe { koxide_abi::kx_rcu_read_unlock() };
    }
}

/// Begins a critical section of a reader.
///
/// # Context
///
/// Any. Nothing sleeps until the guard goes.
pub fn read_lock() -> Guard {
    Guard::new()
}

/// Waits until all critical sections that have begun are over: a grace period.
///
/// # Context
///
/// Process context; sleeps. In a critical section it would wait for itself.
pub fn synchronize_rcu() {
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_synchronize_rcu() };
}

/// Waits until all RCU callbacks that are queued have run.
///
/// # Context
///
/// Process context; sleeps.
pub fn rcu_barrier() {
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_rcu_barrier() };
}
