// SPDX-License-Identifier: GPL-2.0-only

//! Initialisers of one error as initialisers of another.

use crate::error::Error;
use crate::pin_init::{PinInit, pin_init_from_closure};

/// An initialiser that fails with an errno, made of one that fails with something else, or not at all.
pub(crate) fn with_errno<T, E>(init: impl PinInit<T, E>) -> impl PinInit<T, Error>
where
    Error: From<E>,
{
    let initialise = |slot| {
        // SAFETY: the closure's caller promises what this function asks for.
        unsafe { init.__pinned_init(slot) }.map_err(Error::from)
    };
    // SAFETY: `init` succeeds and fails as it must: only the error is another type.
    unsafe { pin_init_from_closure(initialise) }
}
