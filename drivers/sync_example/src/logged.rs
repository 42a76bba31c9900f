// SPDX-License-Identifier: GPL-2.0-only

//! Locks that say what happens to them.

use core::ops::{Deref, DerefMut};

use kernel::{
    prelude::*,
    sync::lock::{Backend, Guard, Lock},
};

/// A lock's guard that says when it comes and when it goes.
pub(crate) struct Logged<'a, T, B: Backend> {
    name: &'static str,
    guard: Guard<'a, T, B>,
}

impl<'a, T, B: Backend> Logged<'a, T, B> {
    /// Locks.
    pub(crate) fn lock(name: &'static str, lock: &'a Lock<T, B>) -> Self {
        let guard = lock.lock();
        pr_info!("{name}: locked\n");
        Self { name, guard }
    }

    /// The guard itself: a condition variable unlocks it for a while.
    pub(crate) fn guard(&mut self) -> &mut Guard<'a, T, B> {
        &mut self.guard
    }
}

impl<T, B: Backend> Deref for Logged<'_, T, B> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T: Unpin, B: Backend> DerefMut for Logged<'_, T, B> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

impl<T, B: Backend> Drop for Logged<'_, T, B> {
    /// The guard is dropped after this, as every field is, and that unlocks. So the line is in the log before another
    /// thread's, which locks next.
    fn drop(&mut self) {
        pr_info!("{}: unlocked\n", self.name);
    }
}
