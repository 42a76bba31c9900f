// SPDX-License-Identifier: GPL-2.0-only

//! Runs the suites, and writes the results to the log as KTAP: Documentation/dev-tools/ktap.rst.

use core::ffi::CStr;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::print::{Level, print};

use super::suite::{self, Body, Case, Suite};

/// Whether a test is running.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Whether an assertion of the running test has failed.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Whether the running test has said that it cannot run.
static SKIPPED: AtomicBool = AtomicBool::new(false);

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

/// Says why the running test cannot run here; it is reported as skipped, unless something failed in it.
///
/// The test goes on, and returns by itself.
///
/// # Examples
///
/// ```
/// use kernel::{kunit, prelude::*};
///
/// # fn processors() -> u32 { 2 }
/// #[kunit_tests(crowd)]
/// mod tests {
///     use super::*;
///
///     #[test]
///     fn two_at_once() {
///         if processors() < 2 {
///             return kunit::skip(fmt!("there is one processor"));
///         }
///     }
/// }
/// # fn main() {}
/// ```
#[allow(clippy::test_attr_in_doctest, reason = "the example is about tests")]
pub fn skip(why: fmt::Arguments<'_>) {
    SKIPPED.store(true, Ordering::Relaxed);
    line(format_args!("    # {why}\n"));
}

/// Records that an assertion has failed.
pub(super) fn note_failure() {
    FAILED.store(true, Ordering::Relaxed);
}

/// Writes a line of the report, without the module's name before it.
pub(super) fn line(args: fmt::Arguments<'_>) {
    print(Level::Info, None, args);
}

/// Which tests are to run.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Selection {
    /// The number of the first one, from 1, counted over the chosen tests of all suites. Those before it ran already.
    pub first: u32,
    /// The text that `suite::test` contains.
    pub filter: &'static CStr,
}

impl Selection {
    /// The chosen tests of a suite.
    fn cases(self, suite: &Suite) -> impl Iterator<Item = &'static Case> {
        let name = suite.name;
        let chosen = move |case: &&Case| contains([name, "::", case.name], self.filter.to_bytes());
        suite.cases.iter().filter(chosen)
    }

    /// The suites of which a test is chosen.
    fn suites(self) -> impl Iterator<Item = &'static Suite> {
        suite::all().filter(move |suite| self.cases(suite).next().is_some())
    }
}

/// Whether a text, of which here are the pieces, contains another.
fn contains(pieces: [&'static str; 3], wanted: &[u8]) -> bool {
    let text = || pieces.iter().flat_map(|piece| piece.bytes());
    let length = text().count();
    (0..=length).any(|at| {
        let rest = text().skip(at).take(wanted.len());
        rest.eq(wanted.iter().copied())
    })
}

/// Runs the tests that are chosen, and writes the results to the log.
pub(crate) fn run(module: &CStr, selection: Selection) {
    line(format_args!("KTAP version 1\n"));
    let name = module.to_str().unwrap_or("?");
    line(format_args!("# module: {name}\n"));
    line(format_args!("1..{}\n", selection.suites().count()));
    let mut ran_before = selection.first.saturating_sub(1) as usize;
    for (at, suite) in selection.suites().enumerate() {
        let passed = run_suite(suite, selection, ran_before);
        ran_before = ran_before.saturating_sub(selection.cases(suite).count());
        line(format_args!("{} {} {}\n", ok(passed), at + 1, suite.name));
    }
}

/// Runs all tests of a suite; whether none failed.
#[cfg(not(target_os = "none"))]
pub(crate) fn run_whole(suite: &Suite) -> bool {
    let all = Selection {
        first: 1,
        filter: c"",
    };
    run_suite(suite, all, 0)
}

/// Runs the chosen tests of a suite; whether none failed.
///
/// The first of them are reported as skipped: they ran before the machine was booted again.
fn run_suite(suite: &Suite, selection: Selection, ran_before: usize) -> bool {
    let cases = selection.cases(suite);
    line(format_args!("    KTAP version 1\n"));
    line(format_args!("    # Subtest: {}\n", suite.name));
    line(format_args!("    1..{}\n", selection.cases(suite).count()));
    let mut all_passed = true;
    for (at, case) in cases.enumerate() {
        let (passed, note) = match case.body {
            _ if at < ran_before => (true, " # SKIP ran before"),
            Body::Skip(why) => {
                line(format_args!("    # {why}\n"));
                (true, " # SKIP")
            }
            Body::Run(failed) => run_case(case.name, failed),
            Body::Panic(failed, expected) => {
                line(format_args!("    # start: {}\n", case.name));
                // Where a panic is the end, who reads the report takes the crash for what it is.
                line(format_args!("    # should panic: {expected}\n"));
                match end(failed, expected) {
                    End::Panicked(true) => (true, ""),
                    End::Panicked(false) => {
                        line(format_args!("    # that is another message\n"));
                        (false, "")
                    }
                    End::Returned(_) => {
                        line(format_args!("    # it did not panic\n"));
                        (false, "")
                    }
                }
            }
        };
        all_passed &= passed;
        let (verdict, name) = (ok(passed), case.name);
        line(format_args!("    {verdict} {} {name}{note}\n", at + 1));
    }
    all_passed
}

/// Runs a test: whether it passed, and what the report says behind its name.
fn run_case(name: &str, failed: fn() -> bool) -> (bool, &'static str) {
    line(format_args!("    # start: {name}\n"));
    FAILED.store(false, Ordering::Relaxed);
    SKIPPED.store(false, Ordering::Relaxed);
    RUNNING.store(true, Ordering::Relaxed);
    let failed = match end(failed, "") {
        End::Returned(failed) => failed | FAILED.load(Ordering::Relaxed),
        End::Panicked(_) => true,
    };
    RUNNING.store(false, Ordering::Relaxed);
    let skipped = !failed && SKIPPED.load(Ordering::Relaxed);
    (!failed, if skipped { " # SKIP" } else { "" })
}

/// How the body of a test ended.
enum End {
    /// It returned: whether that was a failure.
    Returned(bool),
    /// It panicked: whether its message contains the text that was expected.
    #[cfg_attr(
        not(all(target_os = "none", panic = "unwind")),
        allow(dead_code, reason = "nothing is contained")
    )]
    Panicked(bool),
}

/// Runs the body of a test. Where panics are contained one that panics ends there, and poisons nothing.
#[inline(never)]
#[cfg_attr(sanitize = "address", sanitize(kernel_address = "off"))]
fn end(failed: fn() -> bool, expected: &str) -> End {
    #[cfg(not(all(target_os = "none", panic = "unwind")))]
    {
        let _ = expected;
        End::Returned(failed())
    }
    #[cfg(all(target_os = "none", panic = "unwind"))]
    match crate::unwind::catch(failed) {
        Ok(failed) => End::Returned(failed),
        Err(payload) => {
            let message = crate::unwind::message(payload);
            let mut room = [0; 128];
            let text = message.text(&mut room);
            let place = message.place();
            line(format_args!("    # it panicked at {place}:\n"));
            line(format_args!("    # {}\n", text.escape_ascii()));
            let expected = expected.as_bytes();
            let mut parts = text.windows(expected.len().max(1));
            let says_so = expected.is_empty() || parts.any(|part| part == expected);
            message.done();
            End::Panicked(says_so)
        }
    }
}

/// As KTAP says it.
fn ok(passed: bool) -> &'static str {
    if passed { "ok" } else { "not ok" }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::sync::Mutex;
    use std::vec::Vec;

    use koxide_abi::host::print::take;

    use super::*;
    use crate::error::{Error, code::EBUSY};
    use crate::kunit::Outcome;

    static FIRST: Suite = Suite::new(
        "first",
        &[
            Case::new("passes", || Outcome::failed(())),
            Case::new("asserts", || {
                crate::kunit_assert_eq!(1 + 1, 3, "in {}", "vain");
                crate::kunit_assert!(true);
                crate::kunit_assert_ne!(2, 2);
                false
            }),
            Case::skipped("is_ignored", "no time"),
            Case::panicking("should_panic", || false, "out of"),
        ],
    );
    static SECOND: Suite = Suite::new(
        "second",
        &[
            Case::new("returns_an_error", || {
                Outcome::failed(Ok::<_, Error>(Err::<(), _>(EBUSY)))
            }),
            Case::new("cannot_run", || {
                skip(format_args!("needs {} processors", 2));
                false
            }),
        ],
    );

    /// Runs what is registered, and gives the report.
    fn report(first: u32, filter: &'static CStr) -> Vec<String> {
        static REGISTERED: Mutex<bool> = Mutex::new(false);
        let mut registered = REGISTERED.lock().unwrap();
        if !*registered {
            suite::add(&FIRST);
            suite::add(&SECOND);
            *registered = true;
        }
        run(c"demo", Selection { first, filter });
        take()
            .into_iter()
            .map(|(_, text)| String::from(text.trim_end()))
            .collect()
    }

    #[test]
    fn suites_report_in_their_order() {
        let mut whole = report(1, c"");
        // Where the assertions are.
        for line in &mut whole {
            if let Some((_, rest)) = line.split_once("report.rs:") {
                let (_, said) = rest.split_once(": ").unwrap();
                *line = String::from(said);
            }
        }
        assert_eq!(
            whole,
            [
                "KTAP version 1",
                "# module: demo",
                "1..2",
                "    KTAP version 1",
                "    # Subtest: first",
                "    1..4",
                "    # start: passes",
                "    ok 1 passes",
                "    # start: asserts",
                "expected `1 + 1 == 3`, got 2 and 3: in vain",
                "expected `2 != 2`, got 2 twice",
                "    not ok 2 asserts",
                "    # no time",
                "    ok 3 is_ignored # SKIP",
                "    # start: should_panic",
                "    # should panic: out of",
                "    # it did not panic",
                "    not ok 4 should_panic",
                "not ok 1 first",
                "    KTAP version 1",
                "    # Subtest: second",
                "    1..2",
                "    # start: returns_an_error",
                "    # the test returned EBUSY",
                "    not ok 1 returns_an_error",
                "    # start: cannot_run",
                "    # needs 2 processors",
                "    ok 2 cannot_run # SKIP",
                "not ok 2 second",
            ]
        );
    }

    #[test]
    fn a_report_is_resumed_behind_a_test() {
        let rest = report(5, c"");
        let started: Vec<_> = rest.iter().filter(|l| l.contains("# start")).collect();
        assert_eq!(
            started,
            ["    # start: returns_an_error", "    # start: cannot_run"]
        );
        assert_eq!(rest[7], "    ok 2 asserts # SKIP ran before");
    }

    #[test]
    #[cfg_attr(miri, ignore = "it writes a minute's worth of lines")]
    fn a_filter_chooses_among_suites_and_tests() {
        let names = |filter| {
            let lines = report(1, filter).into_iter();
            let results = lines.filter_map(|l| Some(String::from(l.split_once("ok ")?.1)));
            results.collect::<Vec<_>>()
        };
        assert_eq!(names(c"t::as"), ["1 asserts", "1 first"]);
        assert_eq!(
            names(c"second"),
            ["1 returns_an_error", "2 cannot_run # SKIP", "1 second"]
        );
        assert_eq!(names(c"third"), [] as [&str; 0]);
        // What ran before is counted among what is chosen.
        assert!(
            report(2, c"asserts").contains(&String::from("    ok 1 asserts # SKIP ran before"))
        );
    }
}
