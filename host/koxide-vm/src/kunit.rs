// SPDX-License-Identifier: MIT OR Apache-2.0

//! Collects the results of in-kernel tests from the kernel log.

use std::time::{Duration, Instant};

use crate::crash;
use crate::ktap::{self, Line};
use crate::report::{Crash, CrashKind, Failure, LoadFailure, Outcome, TestResult};

/// One module's tests, while its init runs them.
#[derive(Debug)]
pub(crate) struct Collector {
    suite: String,
    /// The names of the groups that are open, by depth.
    groups: Vec<String>,
    /// How deep the last result was: one that is less deep sums it up.
    deepest: usize,
    /// How many results or groups there are at the top.
    top: Option<usize>,
    /// How many results there are in the groups that have begun.
    inner: Option<usize>,
    /// How many groups have begun.
    begun: usize,
    /// How many of them are in the groups before this one.
    before: usize,
    /// The number of the last result, counted over all groups.
    seen: usize,
    running: Option<String>,
    /// The test that runs now is to panic, with a message that contains this.
    panics: Option<String>,
    since: Instant,
    diagnostics: Vec<String>,
    log: Vec<String>,
    complaint: Option<String>,
}

impl Collector {
    /// The collector for a module of which the first `skipped` tests do not run again.
    pub(crate) fn new(suite: String, skipped: usize) -> Self {
        Self {
            suite,
            groups: Vec::new(),
            deepest: 0,
            top: None,
            inner: None,
            begun: 0,
            before: 0,
            seen: skipped,
            running: None,
            panics: None,
            since: Instant::now(),
            diagnostics: Vec::new(),
            log: Vec::new(),
            complaint: None,
        }
    }

    /// The module's name for people.
    pub(crate) fn suite(&self) -> &str {
        &self.suite
    }

    /// The number of the test that runs now.
    pub(crate) fn number(&self) -> usize {
        self.seen + 1
    }

    /// How many tests there are, once that is known.
    pub(crate) fn planned(&self) -> Option<usize> {
        self.inner.or(self.top)
    }

    /// Whether there are tests behind the one that runs now.
    pub(crate) fn more(&self) -> bool {
        let in_these = self
            .planned()
            .is_some_and(|planned| self.seen + 1 < planned);
        in_these
            || self
                .top
                .is_some_and(|top| self.begun > 0 && self.begun < top)
    }

    /// The test that runs now.
    pub(crate) fn running(&self) -> Option<&str> {
        self.running.as_deref()
    }

    /// Takes a line of the log; a result when the line is one.
    pub(crate) fn line(&mut self, line: &str) -> Option<TestResult> {
        let Some((depth, ktap)) = read(crash::message(line)) else {
            self.other(line);
            return None;
        };
        match ktap {
            Line::Version => {}
            Line::Plan(count) if depth == 0 => self.top = Some(count),
            Line::Plan(count) => {
                let inner = self.inner.get_or_insert(0);
                self.before = *inner;
                *inner += count;
                self.begun += 1;
            }
            Line::Subtest(name) => {
                self.groups.truncate(depth);
                self.groups.resize(depth, String::new());
                self.groups.push(name);
            }
            Line::Start(name) => self.running = Some(self.full_name(depth, &name)),
            Line::Diagnostic(text) => match text.strip_prefix("should panic:") {
                Some(message) => self.panics = Some(message.trim().to_owned()),
                None => self.diagnostics.push(text),
            },
            Line::Result {
                ok,
                number,
                name,
                skip,
            } => {
                if depth >= self.deepest {
                    self.seen = self.before + number;
                }
                return self.result(depth, ok, &name, skip);
            }
        }
        None
    }

    fn other(&mut self, line: &str) {
        if crash::is_complaint(line) && self.complaint.is_none() {
            self.complaint = Some(crash::message(line).to_owned());
        }
        self.log.push(line.to_owned());
    }

    fn result(
        &mut self,
        depth: usize,
        ok: bool,
        name: &str,
        skip: Option<String>,
    ) -> Option<TestResult> {
        if depth < self.deepest {
            self.deepest = depth;
            return None;
        }
        self.deepest = depth;
        let diagnostics = self.diagnostics.join("; ");
        let outcome = match (skip, ok, self.complaint.take()) {
            (Some(why), ..) if why.is_empty() => Outcome::Skipped(diagnostics),
            (Some(why), ..) => Outcome::Skipped(why),
            (None, false, _) => Outcome::Failed(Failure::Kernel(diagnostics.clone())),
            (None, true, Some(line)) => Outcome::Failed(Failure::Warning(line)),
            (None, true, None) => Outcome::Passed,
        };
        let name = self.full_name(depth, name);
        Some(self.finish(name, outcome))
    }

    /// The groups below the module are part of a test's name.
    fn full_name(&self, depth: usize, name: &str) -> String {
        let inner = self.groups.iter().take(depth + 1).skip(1);
        let names: Vec<&str> = inner.map(String::as_str).chain([name]).collect();
        names.join("::")
    }

    fn finish(&mut self, name: String, outcome: Outcome) -> TestResult {
        self.running = None;
        self.panics = None;
        let duration = self.since.elapsed();
        self.since = Instant::now();
        TestResult {
            suite: self.suite.clone(),
            name,
            outcome,
            duration,
            output: std::mem::take(&mut self.diagnostics).join("\n"),
            notes: Vec::new(),
            log: std::mem::take(&mut self.log),
        }
    }

    /// Whether a crash is what the test that runs now is about.
    pub(crate) fn expects(&self, crash: &Crash) -> bool {
        let says = |message: &String| crash.tail.iter().any(|line| line.contains(message));
        crash.kind == CrashKind::RustPanic && self.panics.as_ref().is_some_and(says)
    }

    /// The test that runs now ended with the machine.
    pub(crate) fn crashed(&mut self, crash: Crash) -> TestResult {
        let outcome = if self.expects(&crash) {
            Outcome::Passed
        } else {
            Outcome::Failed(Failure::Crash(crash))
        };
        let name = self
            .running
            .take()
            .unwrap_or_else(|| format!("test {}", self.number()));
        self.seen += 1;
        self.finish(name, outcome)
    }

    /// The module is gone: what there is to complain about as a whole.
    pub(crate) fn ended(mut self, stage: &str, errno: i32) -> Option<TestResult> {
        let failure = LoadFailure::new(self.suite.clone(), errno);
        let why = match stage {
            "load" => format!("{failure}"),
            "unload" => format!("the module cannot be unloaded: {} ({errno})", failure.name),
            _ => match self.planned() {
                None if self.seen == 0 => "the module reported no test".to_owned(),
                Some(planned) if self.seen < planned => {
                    format!(
                        "{} of {planned} tests were not reported",
                        planned - self.seen
                    )
                }
                _ => return None,
            },
        };
        Some(self.finish(stage.to_owned(), Outcome::Failed(Failure::Kernel(why))))
    }

    /// How long the test that runs now has been running.
    pub(crate) fn age(&self) -> Duration {
        self.since.elapsed()
    }
}

/// Reads a line as KTAP, with or without the module's name before it.
fn read(message: &str) -> Option<(usize, Line)> {
    if let Some(line) = ktap::parse(message) {
        return Some(line);
    }
    let (module, rest) = message.split_once(": ")?;
    let is_name = !module.is_empty()
        && module
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if is_name { ktap::parse(rest) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(log: &str) -> (Vec<String>, Collector) {
        let mut collector = Collector::new("demo".to_owned(), 0);
        let results = log
            .lines()
            .filter_map(|line| collector.line(line))
            .map(|result| {
                let outcome = match result.outcome {
                    Outcome::Passed => "passed".to_owned(),
                    Outcome::Skipped(why) => format!("skipped: {why}"),
                    Outcome::Failed(failure) => format!("failed: {failure}"),
                };
                format!("{} {outcome}", result.name)
            });
        let results = results.collect();
        (results, collector)
    }

    const LOG: &str = "\
[    1.0] demo: KTAP version 1
[    1.0] demo: 1..1
[    1.0] demo:     KTAP version 1
[    1.0] demo:     # Subtest: demo
[    1.0] demo:     1..5
[    1.1] demo:     # start: adds
[    1.1] demo:     ok 1 adds
[    1.1] demo:     # start: splits
[    1.1] demo:     # expected 2, got 3
[    1.1] demo:     not ok 2 splits
[    1.2] demo:     ok 3 waits # SKIP no clock
[    1.2] WARNING: CPU: 0 PID: 1 at /m/a.c:3 f+0x1/0x2 [demo]
[    1.2]     ok 4 warns
[    1.3]     ok 5 ends
[    1.3] demo: not ok 1 demo";

    #[test]
    fn each_result_is_one_and_sums_are_none() {
        let (results, collector) = collect(LOG);
        assert_eq!(
            results,
            [
                "demo::adds passed",
                "demo::splits failed: expected 2, got 3",
                "demo::waits skipped: no clock",
                "demo::warns failed: the kernel complained: WARNING: CPU: 0 PID: 1 at /m/a.c:3 f+0x1/0x2 [demo]",
                "demo::ends passed",
            ]
        );
        assert!(collector.ended("done", 0).is_none());
    }

    #[test]
    fn two_groups_may_have_tests_of_one_name() {
        let (results, collector) = collect(
            "[ 1.0] KTAP version 1\n[ 1.0] 1..2\n\
             [ 1.0]     # Subtest: a\n[ 1.0]     1..1\n[ 1.0]     ok 1 works\n[ 1.0] ok 1 a\n\
             [ 1.0]     # Subtest: b\n[ 1.0]     1..1\n[ 1.0]     ok 1 works\n[ 1.0] ok 2 b\n",
        );
        assert_eq!(results, ["a::works passed", "b::works passed"]);
        assert!(collector.ended("done", 0).is_none());
    }

    #[test]
    fn after_the_last_test_of_a_group_there_are_those_of_the_next() {
        const LINES: [&str; 11] = [
            "KTAP version 1",
            "1..2",
            "    # Subtest: a",
            "    1..1",
            "    # start: x",
            "    ok 1 x",
            "ok 1 a",
            "    # Subtest: b",
            "    1..1",
            "    # no clock",
            "    # start: y",
        ];
        let upto = |count| {
            collect(
                &LINES[..count]
                    .iter()
                    .map(|l| format!("[    1.0] {l}\n"))
                    .collect::<String>(),
            )
        };
        let (_, first) = upto(5);
        assert!(first.more());
        let (results, last) = upto(LINES.len());
        assert_eq!(results, ["a::x passed"]);
        assert_eq!((last.running(), last.number()), (Some("b::y"), 2));
        assert!(!last.more());
    }

    #[test]
    fn a_panic_that_is_expected_is_a_pass() {
        let start = "[ 1.0]     # Subtest: a\n[ 1.0]     # start: x\n";
        let crash = |kind, message: &str| Crash {
            kind,
            tail: vec![format!("[ 1.1] a: {message}")],
            ..crash::Detector::default().crash()
        };
        let panic = || crash(CrashKind::RustPanic, "it was out of range");
        for (expected, crash, passes) in [
            ("[ 1.0]     # should panic: out of range\n", panic(), true),
            ("[ 1.0]     # should panic: \n", panic(), true),
            ("[ 1.0]     # should panic: too late\n", panic(), false),
            (
                "[ 1.0]     # should panic: \n",
                crash(CrashKind::Oops, ""),
                false,
            ),
            ("", panic(), false),
        ] {
            let (_, mut collector) = collect(&format!("{start}{expected}"));
            let outcome = collector.crashed(crash).outcome;
            assert_eq!(
                matches!(outcome, Outcome::Passed),
                passes,
                "{expected}{outcome:?}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_a_failure() {
        let cut: Vec<&str> = LOG.lines().take(8).collect();
        let (results, mut collector) = collect(&cut.join("\n"));
        assert_eq!(results.len(), 1);
        assert_eq!(
            (collector.running(), collector.number()),
            (Some("demo::splits"), 2)
        );
        let crash = crash::Detector::default().crash();
        assert_eq!(collector.crashed(crash).name, "demo::splits");
        let end = collector.ended("done", 0).unwrap();
        assert!(
            matches!(end.outcome, Outcome::Failed(Failure::Kernel(why)) if why.starts_with("3 of 5"))
        );
    }

    #[test]
    fn a_refused_module_is_a_failure_with_its_errno() {
        let (_, collector) = collect("[ 1.0] nothing");
        let end = collector.ended("load", 12).unwrap();
        assert!(
            matches!(end.outcome, Outcome::Failed(Failure::Kernel(why)) if why == "demo: init failed: ENOMEM (12)")
        );
    }
}
