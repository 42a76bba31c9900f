// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the tests said: a line for each as it ends, a summary in the manner of cargo nextest, and JUnit XML.

use std::time::{Duration, Instant};

use console::{Style, style};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use crate::exit::{Exit, because};
use crate::output::Output;
use crate::ui::Ui;

/// How a line begins that a test has for the user, whether it passes or not.
const NOTE: &str = "NOTE: ";

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It passed.
    Passed,
    /// It failed, and why in one line.
    Failed(String),
    /// The kernel crashed or hung during it.
    Crashed(String),
    /// It was not run, and why.
    Skipped(String),
    /// The kernel that it runs on could not be had, and why.
    Unavailable(String),
}

impl Verdict {
    /// Why it is none to be content with.
    fn fault(&self) -> Option<&str> {
        match self {
            Self::Passed | Self::Skipped(_) => None,
            Self::Failed(why) | Self::Crashed(why) | Self::Unavailable(why) => Some(why),
        }
    }
}

/// A test that ended.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Where it ran: `host`, or a kernel's release.
    pub(crate) place: String,
    /// The program or module that it is part of.
    pub(crate) suite: String,
    /// Its name.
    pub(crate) name: String,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// How long it took, where that is known.
    pub(crate) duration: Option<Duration>,
    /// What explains a failure: its output, the kernel's log.
    pub(crate) output: String,
    /// The object that it tests, when that is one in a kernel.
    pub(crate) object: Option<Object>,
}

impl Case {
    /// That a kernel could not be had.
    pub(crate) fn unavailable(kernel: &str, why: &str) -> Self {
        Self {
            place: kernel.to_owned(),
            suite: "kernel".to_owned(),
            name: "available".to_owned(),
            verdict: Verdict::Unavailable(why.to_owned()),
            duration: None,
            output: String::new(),
            object: None,
        }
    }
}

/// A driver's object as a report names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    /// The name of its file.
    pub(crate) name: String,
    /// The object's SHA-256.
    pub(crate) sha256: String,
}

/// The tests of one call.
pub(crate) struct Results<'a> {
    ui: &'a Ui,
    start: Instant,
    cases: Vec<Case>,
    /// The object that was named last.
    named: Option<Object>,
}

impl<'a> Results<'a> {
    /// No tests yet.
    pub(crate) fn new(ui: &'a Ui) -> Self {
        Self {
            ui,
            start: Instant::now(),
            cases: Vec::new(),
            named: None,
        }
    }

    /// Takes a test in, and prints its line.
    pub(crate) fn add(&mut self, case: Case) {
        self.show(&case);
        self.cases.push(case);
    }

    /// Takes tests in whose lines were printed as they ended, in another order perhaps.
    pub(crate) fn take(&mut self, cases: Vec<Case>) {
        self.cases.extend(cases);
    }

    /// Prints the line of a test.
    pub(crate) fn show(&mut self, case: &Case) {
        let (word, color) = match &case.verdict {
            Verdict::Passed => ("PASS", Style::new().green()),
            Verdict::Failed(_) => ("FAIL", Style::new().red()),
            Verdict::Crashed(_) => ("CRASH", Style::new().red()),
            Verdict::Skipped(_) => ("SKIP", Style::new().yellow()),
            Verdict::Unavailable(_) => ("UNAVAILABLE", Style::new().red()),
        };
        if !self.ui.is_quiet() || case.verdict.fault().is_some() {
            let word = color.bold().apply_to(format!("{word:>12}"));
            let duration = case.duration.map_or_else(
                || "       -".to_owned(),
                |d| format!("{:7.3}s", d.as_secs_f64()),
            );
            self.name_object(case);
            let place = style(&case.place).cyan();
            self.ui.result(format!(
                "{word} [{duration}] {place} {} {}",
                style(&case.suite).magenta(),
                case.name
            ));
            self.explain(case);
        }
    }

    /// Says which object the tests from here on test, when the user wants to see everything.
    fn name_object(&mut self, case: &Case) {
        if let Some(object) = &case.object
            && self.ui.is_verbose()
            && self.named.as_ref() != Some(object)
        {
            let word = style(format!("{:>12}", "OBJECT")).bold();
            let (name, sha256) = (&object.name, &object.sha256);
            self.ui.result(format!("{word} {name} sha256:{sha256}"));
            self.named = Some(object.clone());
        }
    }

    fn explain(&self, case: &Case) {
        match &case.verdict {
            Verdict::Passed => {
                let notes = case.output.lines().filter(|l| l.starts_with(NOTE));
                notes.for_each(|note| self.ui.result(format!("{:>12} {note}", "")));
            }
            Verdict::Skipped(why) => self.ui.result(format!("{:>12} {why}", "")),
            Verdict::Failed(why) | Verdict::Crashed(why) | Verdict::Unavailable(why) => {
                self.ui.result(format!("{:>12} {why}", ""));
                for line in case.output.lines() {
                    self.ui.result(format!("{:>12} | {line}", ""));
                }
            }
        }
    }

    fn count(&self, which: impl Fn(&Verdict) -> bool) -> usize {
        self.cases
            .iter()
            .filter(|case| which(&case.verdict))
            .count()
    }

    /// Prints the summary, and makes failures the exit status.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let passed = self.count(|verdict| *verdict == Verdict::Passed);
        let skipped = self.count(|verdict| matches!(verdict, Verdict::Skipped(_)));
        let crashed = self.count(|verdict| matches!(verdict, Verdict::Crashed(_)));
        let failed = self.count(|verdict| matches!(verdict, Verdict::Failed(_))) + crashed;
        let missing = self.count(|verdict| matches!(verdict, Verdict::Unavailable(_)));
        let run = passed + failed;
        self.ui.result("-".repeat(12));
        let faults = self.cases.iter().filter(|c| c.verdict.fault().is_some());
        for case in faults {
            let word = match case.verdict {
                Verdict::Unavailable(_) => "UNAVAILABLE",
                _ => "FAIL",
            };
            let word = style(format!("{word:>12}")).red().bold();
            self.ui.result(format!(
                "{word} {} {} {}",
                case.place, case.suite, case.name
            ));
        }
        let word = style(format!("{:>12}", "Summary")).bold();
        let seconds = self.start.elapsed().as_secs_f64();
        self.ui.result(format!(
            "{word} [{seconds:7.3}s] {run} tests run, {skipped} skipped"
        ));
        let missed = match missing {
            0 => String::new(),
            some => format!(", {some} unavailable"),
        };
        self.ui
            .result(format!("{passed} passed, {failed} failed{missed}"));
        let (exit, message) = match (run, failed, crashed, missing) {
            (_, _, 1.., _) => {
                let message = "the kernel crashed in a test; the end of its log is above";
                (Exit::Crashed, message)
            }
            (_, 1.., ..) => (Exit::Failed, "a test failed; what it printed is above"),
            (.., 1..) => (Exit::Missing, "a kernel could not be had; why is above"),
            (0, ..) => (Exit::Failed, "no test was run: is the filter right?"),
            _ => return Ok(()),
        };
        Err(because(exit, message).into())
    }

    /// Writes the tests as JUnit XML.
    pub(crate) fn write_junit(&self, output: Output) -> anyhow::Result<()> {
        let mut report = quick_junit::Report::new("cargo koxide test");
        report.set_time(self.start.elapsed());
        let mut suites: Vec<(String, TestSuite)> = Vec::new();
        for case in &self.cases {
            let name = format!("{} on {}", case.suite, case.place);
            if suites.last().is_none_or(|(last, _)| *last != name) {
                let mut suite = TestSuite::new(name.clone());
                if let Some(object) = &case.object {
                    suite.add_property(("object", &*object.name));
                    suite.add_property(("object-sha256", &*object.sha256));
                }
                suites.push((name, suite));
            }
            if let Some((_, suite)) = suites.last_mut() {
                suite.add_test_case(junit_case(case));
            }
        }
        report.add_test_suites(suites.into_iter().map(|(_, suite)| suite));
        output.write(&report.to_string()?)
    }
}

fn junit_case(case: &Case) -> TestCase {
    let status = match &case.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped(why) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why.clone());
            status
        }
        Verdict::Failed(why) | Verdict::Crashed(why) | Verdict::Unavailable(why) => {
            let kind = match case.verdict {
                Verdict::Unavailable(_) => NonSuccessKind::Error,
                _ => NonSuccessKind::Failure,
            };
            let mut status = TestCaseStatus::non_success(kind);
            status
                .set_message(why.clone())
                .set_description(case.output.clone());
            status
        }
    };
    let mut junit = TestCase::new(case.name.clone(), status);
    junit.set_classname(case.suite.clone());
    if let Some(duration) = case.duration {
        junit.set_time(duration);
    }
    junit
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;
    use crate::exit::status_of;

    /// The status that tests with these verdicts end with.
    fn status(verdicts: &[Verdict]) -> Option<Exit> {
        let cli = Cli::parse_from(["cargo koxide", "-q", "doctor"]);
        let ui = Ui::new(&cli.common);
        let mut results = Results::new(&ui);
        let case = |verdict: &Verdict| Case {
            verdict: verdict.clone(),
            ..Case::unavailable("debian:bookworm", "")
        };
        results.take(verdicts.iter().map(case).collect());
        results.finish().err().map(|error| status_of(&error))
    }

    #[test]
    fn the_worst_decides() {
        let why = || "for a reason".to_owned();
        let (passed, failed) = (Verdict::Passed, Verdict::Failed(why()));
        let (crashed, skipped) = (Verdict::Crashed(why()), Verdict::Skipped(why()));
        let unavailable = Verdict::Unavailable(why());
        for (verdicts, wanted) in [
            (vec![&passed, &skipped], None),
            (vec![], Some(Exit::Failed)),
            (vec![&skipped], Some(Exit::Failed)),
            (vec![&passed, &unavailable], Some(Exit::Missing)),
            (vec![&unavailable], Some(Exit::Missing)),
            (vec![&unavailable, &failed, &passed], Some(Exit::Failed)),
            (vec![&crashed, &unavailable, &failed], Some(Exit::Crashed)),
        ] {
            let verdicts: Vec<Verdict> = verdicts.into_iter().cloned().collect();
            assert_eq!(status(&verdicts), wanted, "{verdicts:?}");
        }
    }
}
