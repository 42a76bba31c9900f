// SPDX-License-Identifier: GPL-2.0-only

//! What a thread may do at the moment: whether it may sleep.

use core::ffi::c_int;
use std::cell::Cell;

thread_local! {
    /// How many spinlocks, read-side critical sections and interrupts keep the thread from sleeping.
    static ATOMIC: Cell<u32> = const { Cell::new(0) };
}

/// The thread may not sleep until [`leave_atomic`].
pub(crate) fn enter_atomic() {
    ATOMIC.set(ATOMIC.get() + 1);
}

/// Undoes one [`enter_atomic`].
pub(crate) fn leave_atomic() {
    let depth = ATOMIC.get().checked_sub(1);
    ATOMIC.set(depth.expect("left what was not entered"));
}

/// Takes a lock under which nothing sleeps: tries until it is had, which is told by another number than 0.
pub(crate) fn spin(mut tries: impl FnMut() -> c_int) {
    enter_atomic();
    while tries() == 0 {
        std::thread::yield_now();
    }
}

/// Passes on whether a lock under which nothing sleeps was had at the first try.
pub(crate) fn spin_once(locked: c_int) -> c_int {
    if locked != 0 {
        enter_atomic();
    }
    locked
}

/// Whether the thread may not sleep.
pub(crate) fn is_atomic() -> bool {
    ATOMIC.get() > 0
}

/// Called by whatever may sleep.
///
/// # Panics
///
/// If the thread may not.
#[track_caller]
pub(crate) fn might_sleep() {
    // A test that has failed already cleans up, whatever it left locked.
    assert!(
        !is_atomic() || std::thread::panicking(),
        "sleeping function called from invalid context: under a spinlock, in an RCU section or in a timer"
    );
}
