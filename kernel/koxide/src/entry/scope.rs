// SPDX-License-Identifier: GPL-2.0-only

//! What a panic poisons.

use koxide_abi::types::{file, kiocb};

#[cfg(all(target_os = "none", panic = "unwind"))]
use super::{callback::Words, poison};

/// What a function is called for.
pub(crate) trait Scope: Copy {
    /// Whether it is asked at all.
    #[cfg(all(target_os = "none", panic = "unwind"))]
    const IS_ASKED: bool = true;

    /// Whether something that panicked before has poisoned it, when it is known that something panicked.
    #[cfg(all(target_os = "none", panic = "unwind"))]
    fn is_poisoned(self) -> bool;

    /// Poisons it, and tells.
    #[cfg(all(target_os = "none", panic = "unwind"))]
    fn contained(self, message: u64, words: &'static Words);
}

/// The module: for what is called for no device.
#[derive(Clone, Copy)]
pub(crate) struct Module;

impl Scope for Module {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        poison::of_module()
    }

    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        poison::module_panicked(message, words);
    }
}

/// The device of an open file.
#[derive(Clone, Copy)]
pub(crate) struct Device(
    #[cfg_attr(
        not(all(target_os = "none", panic = "unwind")),
        allow(dead_code, reason = "nothing is contained")
    )]
    pub(crate) *mut file,
);

impl Scope for Device {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        poison::of_device(self.0) || poison::is_of_before(self.0)
    }

    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        poison::device_panicked(message, words, self.0);
    }
}

/// The device of a file that is being opened.
#[derive(Clone, Copy)]
pub(crate) struct Opened(
    #[cfg_attr(
        not(all(target_os = "none", panic = "unwind")),
        allow(dead_code, reason = "nothing is contained")
    )]
    pub(crate) *mut file,
);

impl Scope for Opened {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        poison::of_device(self.0)
    }

    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        Device(self.0).contained(message, words);
    }
}

/// The device of the file that something is to be read from or written to.
#[derive(Clone, Copy)]
pub(crate) struct Request(
    #[cfg_attr(
        not(all(target_os = "none", panic = "unwind")),
        allow(dead_code, reason = "nothing is contained")
    )]
    pub(crate) *mut kiocb,
);

impl Scope for Request {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn is_poisoned(self) -> bool {
        Device(poison::file_of(self.0)).is_poisoned()
    }

    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        poison::device_panicked(message, words, poison::file_of(self.0));
    }
}

/// The same, for what runs whether it is poisoned or not, since it gives back what the kernel or the driver has.
#[derive(Clone, Copy)]
pub(crate) struct Always<S>(pub(crate) S);

impl<S: Scope> Scope for Always<S> {
    #[cfg(all(target_os = "none", panic = "unwind"))]
    const IS_ASKED: bool = false;

    #[cfg(all(target_os = "none", panic = "unwind"))]
    fn is_poisoned(self) -> bool {
        false
    }

    #[cfg(all(target_os = "none", panic = "unwind"))]
    #[inline(always)]
    fn contained(self, message: u64, words: &'static Words) {
        self.0.contained(message, words);
    }
}
