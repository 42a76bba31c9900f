// SPDX-License-Identifier: GPL-2.0-only

//! Who is asked whether something is poisoned, and who is told that something panicked.

use super::{Always, Device, Module, Opened, Request};
use crate::entry::callback::Words;
use crate::entry::poison;

/// What a function is called for.
pub(crate) trait Scope: Copy {
    /// Whether it is asked at all.
    const IS_ASKED: bool = true;

    /// Whether something that panicked before has poisoned it, when it is known that something panicked.
    fn is_poisoned(self) -> bool;

    /// Poisons it, and tells.
    fn contained(self, message: u64, words: &'static Words);
}

impl Scope for Module {
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        poison::of_module()
    }

    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        poison::module_panicked(message, words);
    }
}

impl Scope for Device {
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        poison::of_device(self.0) || poison::is_of_before(self.0)
    }

    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        poison::device_panicked(message, words, self.0);
    }
}

impl Scope for Opened {
    /// No file is of an instance before it was opened.
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        poison::of_device(self.0)
    }

    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        Device(self.0).contained(message, words);
    }
}

impl Scope for Request {
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        Device(poison::file_of(self.0)).is_poisoned()
    }

    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        Device(poison::file_of(self.0)).contained(message, words);
    }
}

impl<S: Scope> Scope for Always<S> {
    const IS_ASKED: bool = false;

    fn is_poisoned(self) -> bool {
        false
    }

    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        self.0.contained(message, words);
    }
}
