// SPDX-License-Identifier: GPL-2.0-only

//! Suites, and how they come together: the address of each is in a section of the object.

#![allow(
    unsafe_code,
    reason = "suites come together in a section of the object"
)]

#[cfg(not(target_os = "none"))]
use core::{
    ptr,
    sync::atomic::{AtomicPtr, Ordering},
};

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
    /// The suite that was added after this one.
    #[cfg(not(target_os = "none"))]
    next: AtomicPtr<Suite>,
}

impl Suite {
    /// A suite, which is not yet one of [`all`].
    pub const fn new(name: &'static str, cases: &'static [Case]) -> Self {
        Self {
            name,
            cases,
            #[cfg(not(target_os = "none"))]
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }
}

/// All suites of the module, in the order in which the linker found them.
#[cfg(target_os = "none")]
pub(super) fn all() -> impl Iterator<Item = &'static Suite> {
    // The script that links the object has them, around what `kunit_suite!` put into the section.
    #[allow(improper_ctypes, reason = "no C reads them")]
    unsafe extern "C" {
        static kx_suites_start: [&'static Suite; 0];
        static kx_suites_end: [&'static Suite; 0];
    }
    let (start, end) = (
        (&raw const kx_suites_start).cast::<&Suite>(),
        (&raw const kx_suites_end).cast::<&Suite>(),
    );
    // SAFETY: both are in one section, and between them are addresses of suites only.
    let len = unsafe { end.offset_from_unsigned(start) };
    // SAFETY: so many addresses of statics are there, which nobody changes.
    let suites = unsafe { core::slice::from_raw_parts(start, len) };
    suites.iter().copied()
}

/// The suite that was added first.
#[cfg(not(target_os = "none"))]
static SUITES: AtomicPtr<Suite> = AtomicPtr::new(ptr::null_mut());

/// All suites, in the order in which they were added.
#[cfg(not(target_os = "none"))]
pub(super) fn all() -> impl Iterator<Item = &'static Suite> {
    core::iter::successors(at(&SUITES), |suite| at(&suite.next))
}

/// The suite that a link of the list leads to.
#[cfg(not(target_os = "none"))]
fn at(link: &AtomicPtr<Suite>) -> Option<&'static Suite> {
    // SAFETY: a link is null, or `add` has put a suite there, which is a static.
    unsafe { link.load(Ordering::Relaxed).as_ref() }
}

/// Puts a suite behind those that were added already, which happens once.
#[cfg(test)]
pub(super) fn add(suite: &'static Suite) {
    let mut link = &SUITES;
    while let Some(suite) = at(link) {
        link = &suite.next;
    }
    link.store(ptr::from_ref(suite).cast_mut(), Ordering::Relaxed);
}

/// For `#[kunit_tests]`: puts a suite where [`all`] finds it.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_suite {
    ($name:literal, [$($cases:tt)*]) => {
        const _: () = {
            static CASES: &[$crate::kunit::Case] = &[$($cases)*];
            static SUITE: $crate::kunit::Suite = $crate::kunit::Suite::new($name, CASES);
            #[used]
            #[cfg_attr(target_os = "none", unsafe(link_section = ".koxide.suites"))]
            static RECORD: &$crate::kunit::Suite = &SUITE;
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
