// SPDX-License-Identifier: GPL-2.0-only

//! Tests that run in the kernel, in upstream's `#[kunit_tests(suite)]` shape.
//!
//! They are compiled with `--cfg kunit` only, and run when such a module is loaded, before its `init`. They need no
//! kernel with KUnit: the results go to the log as KTAP.
//!
//! # Examples
//!
//! ```
//! use kernel::prelude::*;
//!
//! fn double(number: u32) -> u32 {
//!     number * 2
//! }
//!
//! #[kunit_tests(doubling)]
//! mod tests {
//!     use super::*;
//!
//!     #[test]
//!     fn doubles() {
//!         assert_eq!(double(21), 42);
//!     }
//!
//!     #[test]
//!     fn allocates() -> Result {
//!         let boxed = KBox::new(21, GFP_KERNEL)?;
//!         assert_eq!(double(*boxed), 42);
//!         Ok(())
//!     }
//! }
//! # fn main() {}
//! ```

#![allow(clippy::test_attr_in_doctest, reason = "the example is about tests")]
#![allow(
    unsafe_code,
    reason = "suites register themselves through a section of the object"
)]

use core::ffi::{CStr, c_void};
use core::fmt;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use crate::entry::enter;
use crate::error::Result;
use crate::print::{Level, print};

/// One test.
#[doc(hidden)]
pub struct Case {
    name: &'static str,
    failed: fn() -> bool,
}

impl Case {
    /// A test: its name, and a function that runs it and says whether it returned a failure.
    pub const fn new(name: &'static str, failed: fn() -> bool) -> Self {
        Self { name, failed }
    }
}

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

impl Outcome for Result {
    fn failed(self) -> bool {
        if let Err(error) = self {
            line(format_args!("    # the test returned {error:?}\n"));
        }
        self.is_err()
    }
}

/// The tests of one module of the source.
#[doc(hidden)]
pub struct Suite {
    name: &'static str,
    cases: &'static [Case],
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

/// The number of the first test to run, counted through all suites.
static FIRST_TEST: AtomicU32 = AtomicU32::new(1);

/// Skips the tests before one.
#[doc(hidden)]
pub fn start_at(test: u32) {
    FIRST_TEST.store(test, Ordering::Relaxed);
}

/// Whether a test is running.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Whether the driver's tests run just now, so that a function can do something else for them.
///
/// It is true on threads that a test started, too. The tests run before anybody else can use the driver.
///
/// # Examples
///
/// ```
/// use kernel::{kunit::in_kunit_test, time::{Delta, delay::fsleep}};
///
/// fn settle() {
///     let millis = if in_kunit_test() { 1 } else { 500 };
///     fsleep(Delta::from_millis(millis));
/// }
/// ```
pub fn in_kunit_test() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// Whether an assertion of the running test has failed.
static FAILED: AtomicBool = AtomicBool::new(false);

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
        while let Some(suite) = suite_at(link) {
            link = &suite.next;
        }
        link.store(suite.cast(), Ordering::Relaxed);
    });
}

/// The suite that a link of the list leads to.
fn suite_at(link: &AtomicPtr<Suite>) -> Option<&'static Suite> {
    // SAFETY: a link is null, or `register` has put a record's suite there, which is a static.
    unsafe { link.load(Ordering::Relaxed).as_ref() }
}

/// Runs all suites, if this object has any, and writes the results to the log.
pub(crate) fn run(module: &CStr) {
    let suites = || core::iter::successors(suite_at(&SUITES), |suite| suite_at(&suite.next));
    let count = suites().count();
    if count == 0 {
        return;
    }
    line(format_args!("KTAP version 1\n"));
    line(format_args!(
        "# module: {}\n",
        module.to_str().unwrap_or("?")
    ));
    line(format_args!("1..{count}\n"));
    let mut to_skip = FIRST_TEST.load(Ordering::Relaxed).saturating_sub(1) as usize;
    for (at, suite) in suites().enumerate() {
        run_suite(at + 1, suite, to_skip);
        to_skip = to_skip.saturating_sub(suite.cases.len());
    }
}

/// Runs one suite but for its first tests; one of which no test is left says nothing.
fn run_suite(number: usize, suite: &Suite, skipped: usize) {
    if skipped >= suite.cases.len() {
        return;
    }
    line(format_args!("    KTAP version 1\n"));
    line(format_args!("    # Subtest: {}\n", suite.name));
    line(format_args!("    1..{}\n", suite.cases.len()));
    let mut suite_failed = false;
    for (at, case) in suite.cases.iter().enumerate().skip(skipped) {
        FAILED.store(false, Ordering::Relaxed);
        RUNNING.store(true, Ordering::Relaxed);
        let failed = (case.failed)() | FAILED.load(Ordering::Relaxed);
        RUNNING.store(false, Ordering::Relaxed);
        suite_failed |= failed;
        line(format_args!(
            "    {} {} {}\n",
            verdict(failed),
            at + 1,
            case.name
        ));
    }
    line(format_args!(
        "{} {number} {}\n",
        verdict(suite_failed),
        suite.name
    ));
}

/// As KTAP says it.
fn verdict(failed: bool) -> &'static str {
    if failed { "not ok" } else { "ok" }
}

/// Writes a line of the report, without the module's name before it.
fn line(args: fmt::Arguments<'_>) {
    print(Level::Info, None, args);
}

/// Records that an assertion has failed; the test goes on.
#[doc(hidden)]
pub fn fail(file: &str, number: u32, message: fmt::Arguments<'_>) {
    FAILED.store(true, Ordering::Relaxed);
    line(format_args!("    # {file}:{number}: {message}\n"));
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
    };
}

/// `assert!` inside a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_assert {
    ($condition:expr $(,)?) => {
        if !$condition {
            let text = ::core::stringify!($condition);
            $crate::kunit::fail(::core::file!(), ::core::line!(), ::core::format_args!("failed: {text}"));
        }
    };
    ($condition:expr, $($args:tt)+) => {
        if !$condition {
            $crate::kunit::fail(::core::file!(), ::core::line!(), ::core::format_args!($($args)+));
        }
    };
}

/// `assert_eq!` inside a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_assert_eq {
    ($left:expr, $right:expr $(, $($args:tt)*)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    let message = ::core::format_args!("{left:?} is not {right:?}");
                    $crate::kunit::fail(::core::file!(), ::core::line!(), message);
                }
            }
        }
    };
}

/// `assert_ne!` inside a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_assert_ne {
    ($left:expr, $right:expr $(, $($args:tt)*)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if *left == *right {
                    let message = ::core::format_args!("both are {left:?}");
                    $crate::kunit::fail(::core::file!(), ::core::line!(), message);
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use koxide_abi::host::print::take;

    use super::*;
    use crate::error::code::EBUSY;

    static FIRST: Suite = Suite::new(
        "first",
        &[
            Case::new("passes", || Outcome::failed(())),
            Case::new("asserts", || {
                crate::kunit_assert_eq!(1 + 1, 3);
                crate::kunit_assert!(true);
                false
            }),
        ],
    );
    static SECOND: Suite = Suite::new(
        "second",
        &[Case::new("returns_an_error", || {
            Outcome::failed(Err(EBUSY))
        })],
    );

    /// Runs what is registered, and gives the report.
    fn report(first: u32) -> Vec<String> {
        start_at(first);
        run(c"demo");
        take()
            .into_iter()
            .map(|(_, text)| String::from(text.trim_end()))
            .collect()
    }

    #[test]
    fn suites_report_in_their_order_and_can_be_resumed() {
        assert!(report(1).is_empty());
        for suite in [&FIRST, &SECOND] {
            // SAFETY: each is a static, and registered once.
            unsafe { register(ptr::from_ref(suite).cast_mut().cast(), ptr::null()) };
        }
        let whole = report(1);
        let failure = std::format!("    # {}:", file!());
        assert!(
            whole[7].starts_with(&failure) && whole[7].ends_with(": 2 is not 3"),
            "{whole:?}"
        );
        assert_eq!(
            [&whole[..7], &whole[8..]].concat(),
            [
                "KTAP version 1",
                "# module: demo",
                "1..2",
                "    KTAP version 1",
                "    # Subtest: first",
                "    1..2",
                "    ok 1 passes",
                "    not ok 2 asserts",
                "not ok 1 first",
                "    KTAP version 1",
                "    # Subtest: second",
                "    1..1",
                "    # the test returned EBUSY",
                "    not ok 1 returns_an_error",
                "not ok 2 second",
            ]
        );
        let rest = report(3);
        assert_eq!(rest[4], "    # Subtest: second");
        assert_eq!(report(4).len(), 3);
    }
}
