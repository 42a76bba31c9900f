// SPDX-License-Identifier: GPL-2.0-only

//! Where no panic is contained, no module is set up again.

#![allow(unsafe_code, reason = "as where one is")]

use super::Slot;

/// Nothing to do.
pub(super) fn start<M>(_slot: &'static Slot<M>) {}

/// There is always a value.
pub(super) fn stop() -> bool {
    true
}

/// Nothing to count.
pub(crate) struct Held(());

impl Held {
    /// One.
    #[allow(clippy::unnecessary_wraps, reason = "as where it may be none")]
    pub(crate) fn new() -> Option<Self> {
        Some(Self(()))
    }

    /// Leaves it to the kernel.
    pub(crate) fn into_kernel(self) {}

    /// Takes it over.
    ///
    /// # Safety
    ///
    /// None.
    pub(crate) unsafe fn from_kernel() -> Self {
        Self(())
    }
}
