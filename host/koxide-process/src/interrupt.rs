// SPDX-License-Identifier: MIT OR Apache-2.0

//! Ctrl-C as a value: loops ask for it, clean up as they return, and `main` ends with it.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// The user pressed Ctrl-C, or the process was asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Makes Ctrl-C, a hang-up and a request to end set a flag in place of ending the process at once.
///
/// # Errors
/// When the process already handles these signals.
pub fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| REQUESTED.store(true, Ordering::Relaxed))
}

/// An error once Ctrl-C came.
///
/// # Errors
/// [`Interrupted`].
pub fn check() -> Result<(), Interrupted> {
    if REQUESTED.load(Ordering::Relaxed) {
        Err(Interrupted)
    } else {
        Ok(())
    }
}
