// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a long step tells its caller while it works.

/// Receives the progress of long steps; every method may be left empty.
pub trait Progress: Sync {
    /// A new step begins, described in a few words for people.
    fn stage(&self, text: &str) {
        let _ = text;
    }

    /// `done` of the current step's `total` bytes are there.
    fn bytes(&self, done: u64, total: u64) {
        let _ = (done, total);
    }

    /// `done` of the current step's `total` parts are there.
    fn steps(&self, done: u64, total: u64) {
        let _ = (done, total);
    }

    /// Something that the user should know although the step goes on.
    fn warn(&self, text: &str) {
        let _ = text;
    }

    /// A line worth showing in a log, such as a warning of a program that was run.
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
