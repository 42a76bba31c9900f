// SPDX-License-Identifier: GPL-2.0-only

//! Suites, and how they come together: each is in the section of the object that the module's init goes through.

#![allow(
    unsafe_code,
    reason = "suites register themselves through a section of the object"
)]

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::entry::enter;

/// One test.
#[doc(hidden)]
pub struct Case {
    pub(super) name: &'static str,
    pub(super) body: Body,
}

/// What there is to do for a test.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// Run this function, which says whether it returned a failure.
    Run(fn() -> bool),
    /// Run this function, which panics with a message that contains the text.
    Panic(fn() -> bool, &'static str),
    /// Say why it is not run.
    Skip(&'static str),
}

impl Case {
    /// A test: its name, and a function that runs it and says whether it returned a failure.
    pub const fn new(name: &'static str, failed: fn() -> bool) -> Self {
        let body = Body::Run(failed);
        Self { name, body }
    }

    /// A test that is to end with a panic, whose message contains a text.
    pub const fn panicking(
        name: &'static str,
        failed: fn() -> bool,
        expected: &'static str,
    ) -> Self {
        let body = Body::Panic(failed, expected);
        Self { name, body }
    }

    /// A test that is not run, and why.
    pub const fn skipped(name: &'static str, why: &'static str) -> Self {
        let body = Body::Skip(why);
        Self { name, body }
    }
}

/// The tests of one module of the source.
#[doc(hidden)]
pub struct Suite {
    pub(super) name: &'static str,
    pub(super) cases: &'static [Case],
    /// The suite that registered itself after this one.
    next: AtomicPtr<Suite>,
}

impl Suite {
    /// A suite that is not yet registered.
    pub const fn new(name: &'static str, cases: &'static [Case]) -> Self {
        Self {
            name,
            cases,
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }
}

/// The suite that registered itself first.
static SUITES: AtomicPtr<Suite> = AtomicPtr::new(ptr::null_mut());

/// All suites, in the order in which they registered themselves.
pub(super) fn all() -> impl Iterator<Item = &'static Suite> {
    core::iter::successors(at(&SUITES), |suite| at(&suite.next))
}

/// The suite that a link of the list leads to.
fn at(link: &AtomicPtr<Suite>) -> Option<&'static Suite> {
    // SAFETY: a link is null, or `register` has put a record's suite there, which is a static.
    unsafe { link.load(Ordering::Relaxed).as_ref() }
}

/// A record of the section that the module's init function goes through, as `table.rs` describes it.
#[doc(hidden)]
#[repr(C)]
pub struct Record {
    room: &'static Suite,
    getter: extern "C" fn() -> *const c_void,
    fill: unsafe extern "C" fn(*mut c_void, *const c_void),
}

impl Record {
    /// The record that registers a suite.
    pub const fn new(suite: &'static Suite) -> Self {
        Self {
            room: suite,
            getter: nothing,
            fill: register,
        }
    }
}

/// A suite has no table to be filled from.
extern "C" fn nothing() -> *const c_void {
    enter(ptr::null(), ptr::null)
}

/// Puts a suite behind those that are registered already.
///
/// # Safety
///
/// `suite` is the `room` of a [`Record`], which is registered once, before the module's init.
unsafe extern "C" fn register(suite: *mut c_void, _: *const c_void) {
    enter((), || {
        let mut link = &SUITES;
        while let Some(suite) = at(link) {
            link = &suite.next;
        }
        link.store(suite.cast(), Ordering::Relaxed);
    });
}

/// Registers a suite, which happens once.
#[cfg(test)]
pub(super) fn add(suite: &'static Suite) {
    // SAFETY: it is a static, as the `room` of a record is, and it is not registered yet.
    unsafe { register(ptr::from_ref(suite).cast_mut().cast(), ptr::null()) };
}

/// For `#[kunit_tests]`: puts a suite and its record where the module's init function finds them.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_suite {
    ($name:literal, [$($cases:tt)*]) => {
        const _: () = {
            static CASES: &[$crate::kunit::Case] = &[$($cases)*];
            static SUITE: $crate::kunit::Suite = $crate::kunit::Suite::new($name, CASES);
            #[used]
            #[cfg_attr(target_os = "none", unsafe(link_section = ".koxide.tables"))]
            static RECORD: $crate::kunit::Record = $crate::kunit::Record::new(&SUITE);
        };

        /// The suite on the fake kernel: `RUSTFLAGS="--cfg kunit" cargo test`.
        #[cfg(all(test, not(target_os = "none")))]
        #[test]
        fn on_fake_kernel() {
            static SUITE: $crate::kunit::Suite =
                $crate::kunit::Suite::new($name, &[$($cases)*]);
            $crate::fake::__run_suite(&SUITE);
        }
    };
}
