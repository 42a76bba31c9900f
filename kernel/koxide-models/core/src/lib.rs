// SPDX-License-Identifier: GPL-2.0-only

//! Rust's `core`, but for its atomics, which a model explores.
//!
//! The library says `core::sync::atomic`, as any does. A crate that is built with this one under the name of `core` gets
//! atomics of the same layout there, which can be made in constants as the real ones. In a [`model()`] each operation is
//! that of a loom atomic of the same address; elsewhere it is an ordinary one.
#![no_std]

extern crate std;

#[doc(inline)]
pub use ::core::*;

mod atomics;
mod cells;
mod watched;

pub use cells::{active, model};
pub use watched::Watched;

/// As in `core`.
pub mod sync {
    #[doc(inline)]
    pub use ::core::sync::*;

    /// As in `core`, with atomics that a model explores.
    pub mod atomic {
        pub use crate::atomics::*;
        pub use ::core::sync::atomic::{Ordering, compiler_fence};
    }
}
