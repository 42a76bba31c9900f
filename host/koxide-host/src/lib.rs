// SPDX-License-Identifier: MIT OR Apache-2.0

//! Loads a module into the kernel of this machine, for as long as a command runs.
//!
//! [`Machine::refusals`] says what stands against it, before anything is built. [`load`] loads, and the [`Loaded`] that
//! it returns unloads: when it is asked to, when it is dropped, and when this process is killed.
#![forbid(unsafe_code)]

mod keeper;
mod machine;

pub use keeper::{Error, Loaded, Module, load};
pub use machine::{Machine, Refusal};
