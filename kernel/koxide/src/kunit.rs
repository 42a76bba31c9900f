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

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_void};
use core::fmt;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

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
    /// The suite that registered itself before this one; written once, before any is run.
    earlier: UnsafeCell<*const Suite>,
}

// SAFETY: `earlier` is written by `register` only, before the module's init, and read after that.
unsafe impl Sync for Suite {}

impl Suite {
    /// A suite that is not yet registered.
    pub const fn new(name: &'static str, cases: &'static [Case]) -> Self {
        Self {
            name,
            cases,
            earlier: UnsafeCell::new(ptr::null()),
        }
    }
}

/// The suite that registered itself last.
static LAST: AtomicPtr<Suite> = AtomicPtr::new(ptr::null_mut());

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

/// Puts a suite before those that are registered already.
///
/// # Safety
///
/// `suite` is the `room` of a [`Record`]. Called before the module's init, by one thread.
unsafe extern "C" fn register(suite: *mut c_void, _: *const c_void) {
    enter((), || {
        let suite: *mut Suite = suite.cast();
        // SAFETY: the record's suite is a static.
        let earlier = unsafe { &(*suite).earlier };
        // SAFETY: nobody reads this cell yet, and only this thread writes it.
        unsafe { earlier.get().write(LAST.load(Ordering::Relaxed)) };
        LAST.store(suite, Ordering::Relaxed);
    });
}

/// Runs all suites, if this object has any, and writes the results to the log.
pub(crate) fn run(module: &CStr) {
    let mut next: *const Suite = LAST.load(Ordering::Relaxed);
    let mut count = 0;
    while !next.is_null() {
        count += 1;
        next = earlier(next);
    }
    if count == 0 {
        return;
    }
    line(format_args!("KTAP version 1\n"));
    line(format_args!(
        "# module: {}\n",
        module.to_str().unwrap_or("?")
    ));
    line(format_args!("1..{count}\n"));
    next = LAST.load(Ordering::Relaxed);
    for number in 1..=count {
        // SAFETY: the list has so many suites, all of them statics.
        run_suite(number, unsafe { &*next });
        next = earlier(next);
    }
}

/// The suite that was registered before another one.
fn earlier(suite: *const Suite) -> *const Suite {
    // SAFETY: what is in the list is a static.
    let earlier = unsafe { &(*suite).earlier };
    // SAFETY: the cell is no longer written.
    unsafe { earlier.get().read() }
}

/// Runs one suite.
fn run_suite(number: usize, suite: &Suite) {
    line(format_args!("    KTAP version 1\n"));
    line(format_args!("    # Subtest: {}\n", suite.name));
    line(format_args!("    1..{}\n", suite.cases.len()));
    let mut suite_failed = false;
    for (at, case) in suite.cases.iter().enumerate() {
        FAILED.store(false, Ordering::Relaxed);
        let failed = (case.failed)() | FAILED.load(Ordering::Relaxed);
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
