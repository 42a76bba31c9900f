// SPDX-License-Identifier: MIT OR Apache-2.0

//! Acting as another user, to see what a driver lets that user do.

use std::thread;

use crate::sys;

/// Runs `f` as the user (and group) `uid`, with no other groups and, unless it is 0, no capabilities.
///
/// Credentials belong to threads in Linux: `f` runs in a thread of its own, the caller's stay as they are.
///
/// # Panics
/// When `f` does, or when the process may not change its user.
pub fn as_user<T: Send>(uid: u32, f: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            if let Err(errno) = sys::become_user(uid, uid) {
                panic!("cannot act as user {uid}: {errno}; tests need root, as they have inside of the test machine");
            }
            f()
        });
        match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
