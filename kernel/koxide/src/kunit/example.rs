// SPDX-License-Identifier: GPL-2.0-only

//! Modules of examples, which run inside of a module of tests.

use crate::alloc::{KBox, flags::GFP_KERNEL};
use crate::error::Result;
use crate::init::InPlaceInit;
use crate::module::{InPlaceModule, ModuleMetadata};

/// Initialises the module of an example, and drops it.
///
/// What it leaves pending ends with the module of tests, which is the one that the kernel knows.
///
/// # Errors
///
/// That of its `init`.
#[doc(hidden)]
pub fn load<M: InPlaceModule + ModuleMetadata>() -> Result {
    KBox::pin_init(M::init(M::THIS_MODULE), GFP_KERNEL).map(drop)
}
