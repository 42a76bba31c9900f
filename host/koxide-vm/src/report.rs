// SPDX-License-Identifier: MIT OR Apache-2.0

//! What came of a plan.

use std::fmt;
use std::time::Duration;

use koxide_guest::Errno;
use nix::sys::signal::Signal;

/// What came of a plan.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How the processor was made: "KVM" or "TCG".
    pub acceleration: String,
    /// How long each boot took until init ran.
    pub boots: Vec<Duration>,
    /// How long everything took.
    pub duration: Duration,
    /// The tests, in the order of their end.
    pub tests: Vec<TestResult>,
    /// The commands that ran.
    pub steps: Vec<StepResult>,
    /// The module of the plan that was refused: nothing ran after it.
    pub load_failure: Option<LoadFailure>,
    /// The last crash; each crash of a test is in that test's result too.
    pub crash: Option<Crash>,
}

impl Report {
    /// How many tests passed.
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// How many tests were skipped.
    pub fn skipped(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.tests.iter().filter(|test| is(&test.outcome)).count()
    }

    /// Whether the kernel crashed at any time.
    pub fn crashed(&self) -> bool {
        self.crash.is_some()
    }

    /// Whether all went well.
    pub fn success(&self) -> bool {
        self.crash.is_none()
            && self.load_failure.is_none()
            && self.failed() == 0
            && self.steps.iter().all(|step| step.exit.success())
    }
}

/// A module that the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadFailure {
    /// The module.
    pub module: String,
    /// The error number.
    pub errno: i32,
    /// Its name, such as `ENOMEM`.
    pub name: String,
}

impl LoadFailure {
    pub(crate) fn new(module: String, errno: i32) -> Self {
        let name = Errno(errno).name();
        Self {
            module,
            errno,
            name,
        }
    }
}

impl fmt::Display for LoadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: init failed: {} ({})",
            self.module, self.name, self.errno
        )
    }
}

/// One test.
#[derive(Debug, Clone)]
pub struct TestResult {
    /// The program or module that it is in.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// What it printed.
    pub output: String,
    /// What the init found out about it.
    pub notes: Vec<String>,
    /// What the kernel logged while it ran.
    pub log: Vec<String>,
}

impl TestResult {
    /// A failure of which there is nothing more to say.
    pub(crate) fn failed(suite: String, name: String, failure: Failure) -> Self {
        Self {
            suite,
            name,
            outcome: Outcome::Failed(failure),
            duration: Duration::ZERO,
            output: String::new(),
            notes: Vec::new(),
            log: Vec::new(),
        }
    }
}

/// How a test ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// As it should.
    Passed,
    /// As it should not.
    Failed(Failure),
    /// It did not run, for this reason.
    Skipped(String),
}

/// Why a test failed.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The test program said so by how it ended.
    Exit(Exit),
    /// The kernel complained while it ran: the first line of that.
    Warning(String),
    /// The kernel crashed while it ran.
    Crash(Crash),
    /// It lost memory of the kernel.
    Leak {
        /// How many pieces.
        count: usize,
        /// How large they are together.
        bytes: usize,
    },
    /// It took longer than this.
    TimedOut(Duration),
    /// An in-kernel test: what it said.
    Kernel(String),
    /// It could not be run.
    NotRun(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(exit) => write!(f, "the test ended with {exit}"),
            Self::Warning(line) => write!(f, "the kernel complained: {line}"),
            Self::Crash(crash) => crash.fmt(f),
            Self::Leak { count, bytes } => {
                write!(f, "memory was lost: {bytes} bytes in {count} allocations")
            }
            Self::TimedOut(limit) => write!(f, "it took longer than {} s", limit.as_secs_f32()),
            Self::Kernel(text) if text.is_empty() => f.write_str("the test failed"),
            Self::Kernel(text) => f.write_str(text),
            Self::NotRun(why) => write!(f, "not run: {why}"),
        }
    }
}

/// One command.
#[derive(Debug, Clone)]
pub struct StepResult {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// How it ended.
    pub exit: Exit,
    /// How long it took.
    pub duration: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself.
    Status(i32),
    /// By a signal.
    Signal(i32),
    /// It could not be started.
    NotStarted {
        /// The error number.
        errno: i32,
    },
    /// It was killed because it took longer than this.
    TimedOut(Duration),
}

impl Exit {
    /// Whether it was a success.
    pub fn success(self) -> bool {
        self == Self::Status(0)
    }

    /// The status that a shell would show.
    pub fn code(self) -> i32 {
        match self {
            Self::Status(status) => status,
            Self::Signal(signal) => 128 + signal,
            Self::NotStarted { errno } if Errno(errno) == Errno::ENOENT => 127,
            Self::NotStarted { .. } => 126,
            Self::TimedOut(_) => 124,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(signal) => match Signal::try_from(signal) {
                Ok(name) => write!(f, "{name}"),
                Err(_) => write!(f, "signal {signal}"),
            },
            Self::NotStarted { errno } => write!(f, "no start: {}", Errno(errno)),
            Self::TimedOut(limit) => write!(f, "a kill after {} s", limit.as_secs_f32()),
        }
    }
}

/// What kind of crash it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashKind {
    /// A panic of Rust code in a module.
    RustPanic,
    /// A fault or a BUG in the kernel.
    Oops,
    /// Another reason for the kernel to give up.
    Panic,
    /// No progress within the limit.
    Hang,
    /// The machine ended without a word.
    Vanished,
}

/// The end of a machine that should have gone on.
#[derive(Debug, Clone)]
pub struct Crash {
    /// What kind it was.
    pub kind: CrashKind,
    /// The line that says what happened.
    pub summary: String,
    /// The module whose Rust code panicked.
    pub module: Option<String>,
    /// The file and line of a Rust panic or a BUG.
    pub location: Option<String>,
    /// The end of the kernel log, from a little before the crash on.
    pub tail: Vec<String>,
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_names_and_a_shells_codes() {
        for (exit, text, code) in [
            (Exit::Status(3), "exit status 3", 3),
            (Exit::Signal(6), "SIGABRT", 134),
            (Exit::NotStarted { errno: 2 }, "no start: ENOENT (2)", 127),
        ] {
            assert_eq!((exit.to_string().as_str(), exit.code()), (text, code));
        }
        let failure = LoadFailure::new("m".to_owned(), 12);
        assert_eq!(failure.to_string(), "m: init failed: ENOMEM (12)");
    }
}
