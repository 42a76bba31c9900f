// SPDX-License-Identifier: GPL-2.0-only

//! Memory whose uses a model watches.

use loom::cell::UnsafeCell;

/// Stands for memory that threads write and read: a use that another could have met fails the model.
#[derive(Default)]
pub struct Watched(UnsafeCell<()>);

// SAFETY: nothing is there but what loom notes about the uses.
unsafe impl Sync for Watched {}

impl Watched {
    /// Written by this thread.
    pub fn new() -> Self {
        Self::default()
    }

    /// Others may read it at the same time.
    pub fn read(&self) {
        self.used(|cell| cell.with(|_| ()));
    }

    /// Nobody else may use it at the same time.
    pub fn write(&self) {
        self.used(|cell| cell.with_mut(|_| ()));
    }

    /// A model that has failed is not looked at any more: what it drops would fail, too, and end the process.
    fn used(&self, how: impl FnOnce(&UnsafeCell<()>)) {
        if !std::thread::panicking() {
            how(&self.0);
        }
    }
}
