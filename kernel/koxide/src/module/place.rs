// SPDX-License-Identifier: GPL-2.0-only

//! Where the module's value is.

#![allow(unsafe_code, reason = "a static that `module!` makes")]

use super::Slot;

/// Where a module's value is; `module!` makes a static of it.
#[repr(C)]
pub struct Place {
    start: *const (),
    size: usize,
}

// SAFETY: an address is only looked at.
unsafe impl Sync for Place {}

impl Place {
    /// The place of a slot.
    pub(super) const fn new<M>(slot: &'static Slot<M>) -> Self {
        Self {
            start: core::ptr::from_ref(slot).cast(),
            size: size_of::<Slot<M>>(),
        }
    }
}

/// Whether what is pinned there is part of the module's value, and so is dropped when the module goes, or its init fails.
///
/// Mostly the compiler knows the address, and with it the answer.
#[cfg(target_os = "none")]
#[inline]
pub(super) fn is_modules<T>(pinned: *const T) -> bool {
    unsafe extern "Rust" {
        #[link_name = "koxide_module_place"]
        safe static PLACE: Place;
    }
    pinned.addr().wrapping_sub(PLACE.start.addr()) < PLACE.size
}

/// Outside the kernel there may be several modules in one process.
#[cfg(not(target_os = "none"))]
pub(super) fn is_modules<T>(_pinned: *const T) -> bool {
    false
}
