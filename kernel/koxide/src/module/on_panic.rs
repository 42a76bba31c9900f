// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a panic.

#![allow(unsafe_code, reason = "a static that `module!` makes")]

/// What becomes of a panic; `module!` makes a static of it, the key `on_panic`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum OnPanic {
    /// It is an error of the call that the kernel made, and what that was for is poisoned.
    Contain,
    /// The same, and the module is set up again.
    Restart,
    /// It is `BUG()`, at its place.
    Bug,
}

impl OnPanic {
    /// Whether the author of this module chose it.
    ///
    /// To the compiler, which sees the whole module at once, it is a constant: what another choice would need is not there.
    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    pub(crate) fn is_chosen(self) -> bool {
        unsafe extern "Rust" {
            #[link_name = "koxide_on_panic"]
            safe static CHOSEN: OnPanic;
        }
        CHOSEN == self
    }
}
