// SPDX-License-Identifier: GPL-2.0-only

//! What a test may return.

use core::fmt::Debug;

use super::report::line;

/// What a test may return.
#[doc(hidden)]
pub trait Outcome {
    /// Whether it is a failure; writes it to the log if so.
    fn failed(self) -> bool;
}

impl Outcome for () {
    fn failed(self) -> bool {
        false
    }
}

impl<T: Outcome, E: Debug> Outcome for Result<T, E> {
    fn failed(self) -> bool {
        match self {
            Ok(inner) => inner.failed(),
            Err(error) => {
                line(format_args!("    # the test returned {error:?}\n"));
                true
            }
        }
    }
}
