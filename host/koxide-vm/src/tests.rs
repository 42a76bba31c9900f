// SPDX-License-Identifier: MIT OR Apache-2.0

//! Follows the boots whose plan is tests: says at any time which test runs, and what is left after a crash.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use koxide_guest::protocol::{Mark, words};

use crate::Event;
use crate::boot::{Course, Verdict};
use crate::crash;
use crate::ktap::{self, Line};
use crate::kunit::Collector;
use crate::libtest;
use crate::plan::Limits;
use crate::report::{Crash, Exit, Failure, Outcome, Report, TestResult};

/// How much longer than a test's limit nothing may happen: the guest keeps the limit itself.
const SLACK: Duration = Duration::from_secs(8);

/// The kernel's messages while one test ran.
#[derive(Debug, Default)]
struct TestLog {
    lines: Vec<String>,
    complaint: Option<String>,
    closed: bool,
}

/// A test that runs.
#[derive(Debug)]
struct Running {
    suite: String,
    name: String,
    since: Instant,
    output: Vec<u8>,
    notes: Vec<String>,
    ended: Option<Mark>,
}

/// Follows tests over as many boots as they need.
pub(crate) struct Tests<'a> {
    on_event: &'a mut dyn FnMut(Event<'_>),
    report: &'a mut Report,
    limits: Limits,
    /// All tests of all programs, once the first boot listed them.
    listed: Vec<(String, String)>,
    /// In-kernel suites that are done.
    suites_done: Vec<String>,
    /// The next test of a suite that crashed, from 1, by suite.
    pub(crate) resume: Vec<(String, usize)>,
    suite: String,
    running: Option<Running>,
    /// A result that waits for the end of its test's log.
    waiting: VecDeque<(Running, Outcome)>,
    logs: VecDeque<TestLog>,
    collector: Option<Collector>,
    /// A test that was killed is still there.
    stuck: bool,
}

impl<'a> Tests<'a> {
    /// Follows tests.
    pub(crate) fn new(
        limits: Limits,
        on_event: &'a mut dyn FnMut(Event<'_>),
        report: &'a mut Report,
    ) -> Self {
        Self {
            on_event,
            report,
            limits,
            listed: Vec::new(),
            suites_done: Vec::new(),
            resume: Vec::new(),
            suite: String::new(),
            running: None,
            waiting: VecDeque::new(),
            logs: VecDeque::new(),
            collector: None,
            stuck: false,
        }
    }

    /// Tells about a boot, and forgets the state of the one before.
    pub(crate) fn booting(&mut self, acceleration: &str, attempt: u32) {
        self.logs.clear();
        self.running = None;
        self.collector = None;
        self.stuck = false;
        let event = Event::Booting {
            acceleration,
            attempt,
        };
        (self.on_event)(event);
    }

    /// Suite and name of each test that has a result.
    pub(crate) fn done(&self) -> Vec<(String, String)> {
        let results = self.report.tests.iter();
        results.map(|r| (r.suite.clone(), r.name.clone())).collect()
    }

    /// Whether an in-kernel suite needs no further boot.
    pub(crate) fn suite_done(&self, suite: &str) -> bool {
        self.suites_done.iter().any(|done| done == suite)
    }

    /// Tests of programs that have no result.
    pub(crate) fn left(&self) -> Vec<(String, String)> {
        let done = self.done();
        self.listed
            .iter()
            .filter(|test| !done.contains(test))
            .cloned()
            .collect()
    }

    /// How many results there are.
    pub(crate) fn count(&self) -> usize {
        self.report.tests.len()
    }

    /// The machine crashed or hangs: the test that ran failed.
    pub(crate) fn crashed(&mut self, crash: Crash) {
        self.flush();
        let expected = self.collector.as_ref().is_some_and(|c| c.expects(&crash));
        if !expected {
            (self.on_event)(Event::Crashed(&crash));
            self.report.crash = Some(crash.clone());
        }
        if let Some(mut collector) = self.collector.take() {
            let (next, more) = (collector.number() + 1, collector.more());
            let suite = collector.suite().to_owned();
            let result = collector.crashed(crash);
            self.resume.retain(|(name, _)| *name != suite);
            if more {
                self.resume.push((suite, next));
            } else {
                self.suites_done.push(suite);
            }
            self.add(result);
        } else if let Some(running) = self.running.take() {
            self.finish(running, Outcome::Failed(Failure::Crash(crash)));
        }
    }

    /// Nothing more can be learnt: what is left did not run.
    pub(crate) fn give_up(&mut self, why: &str) {
        for (suite, name) in self.left() {
            let failure = Failure::NotRun(why.to_owned());
            self.add(TestResult::failed(suite, name, failure));
        }
    }

    /// An in-kernel suite cannot go on.
    pub(crate) fn give_up_suite(&mut self, suite: &str, why: &str) {
        self.suites_done.push(suite.to_owned());
        let (suite, name) = (suite.to_owned(), "the rest".to_owned());
        let failure = Failure::NotRun(why.to_owned());
        self.add(TestResult::failed(suite, name, failure));
    }

    fn add(&mut self, result: TestResult) {
        let known = |r: &TestResult| r.suite == result.suite && r.name == result.name;
        if self.report.tests.iter().any(known) {
            return;
        }
        (self.on_event)(Event::TestDone(&result));
        self.report.tests.push(result);
    }

    fn finish(&mut self, running: Running, outcome: Outcome) {
        let log = self.logs.pop_front().unwrap_or_default();
        let outcome = match (outcome, log.complaint) {
            (Outcome::Passed, Some(line)) => Outcome::Failed(Failure::Warning(line)),
            (outcome, _) => outcome,
        };
        self.add(TestResult {
            suite: running.suite,
            name: running.name,
            outcome,
            duration: running.since.elapsed(),
            output: libtest::own_words(&String::from_utf8_lossy(&running.output)),
            notes: running.notes,
            log: log.lines,
        });
    }

    /// Finishes the tests whose log is complete.
    fn settle(&mut self) {
        while self.logs.front().is_some_and(|log| log.closed) {
            let Some((running, outcome)) = self.waiting.pop_front() else {
                return;
            };
            self.finish(running, outcome);
        }
    }

    /// Finishes all tests that ended, whether the log is complete or not.
    pub(crate) fn flush(&mut self) {
        while let Some((running, outcome)) = self.waiting.pop_front() {
            self.finish(running, outcome);
        }
    }

    /// A test's own result is told already when lost memory is found: at the end, since the search takes long.
    fn leaks(&mut self, suite: String, test: &str, failure: Failure, text: String) {
        self.flush();
        let name = format!("{test}: leaks");
        let output = text;
        self.add(TestResult {
            output,
            ..TestResult::failed(suite, name, failure)
        });
    }

    fn outcome(&self, ok: bool, ended: Option<&Mark>) -> Outcome {
        if ok {
            return Outcome::Passed;
        }
        Outcome::Failed(match ended {
            Some(Mark::Exit(status)) => Failure::Exit(Exit::Status(*status)),
            Some(Mark::Signal(signal)) => Failure::Exit(Exit::Signal(*signal)),
            Some(Mark::NotStarted(errno)) => Failure::Exit(Exit::NotStarted { errno: *errno }),
            Some(Mark::TimedOut) => Failure::TimedOut(self.limits.test),
            _ => Failure::NotRun("the machine did not say how it ended".to_owned()),
        })
    }

    fn start(&mut self, name: String) {
        let suite = self.suite.clone();
        (self.on_event)(Event::TestStarted {
            suite: &suite,
            name: &name,
        });
        self.running = Some(Running {
            suite,
            name,
            since: Instant::now(),
            output: Vec::new(),
            notes: Vec::new(),
            ended: None,
        });
    }

    fn suite_mark(&mut self, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["start"] => self.logs.push_back(TestLog::default()),
            ["end"] => {
                if let Some(log) = self.logs.back_mut() {
                    log.closed = true;
                }
                self.settle();
            }
            ["suite", suite] => {
                let resumed = self.resume.iter().find(|(name, _)| name == suite);
                let skipped = resumed.map_or(0, |(_, next)| next - 1);
                self.collector = Some(Collector::new((*suite).to_owned(), skipped));
            }
            ["suite-end", suite, stage, errno] => {
                self.suites_done.push((*suite).to_owned());
                let errno = errno.parse().unwrap_or_default();
                let end = self.collector.take().and_then(|c| c.ended(stage, errno));
                if let Some(result) = end {
                    self.add(result);
                }
            }
            _ => {}
        }
    }

    /// Gives a line to the suite that runs in the kernel.
    fn collect(&mut self, line: &str) -> bool {
        let Some(collector) = &mut self.collector else {
            return false;
        };
        let (planned, running) = (collector.planned(), collector.running().map(str::to_owned));
        let result = collector.line(line);
        if collector.planned() != planned
            && let Some(more) = collector.planned()
        {
            let total = self.listed.len() + more;
            (self.on_event)(Event::TestsListed { total });
        }
        if let Some(name) = collector.running()
            && running.as_deref() != Some(name)
        {
            let suite = collector.suite();
            (self.on_event)(Event::TestStarted { suite, name });
        }
        match result {
            Some(result) => {
                self.add(result);
                true
            }
            None => false,
        }
    }
}

impl Course for Tests<'_> {
    fn ready(&mut self, after: Duration) {
        self.report.boots.push(after);
        (self.on_event)(Event::Ready { after });
    }

    fn log(&mut self, line: &str) -> bool {
        (self.on_event)(Event::Log(line));
        if let Some(log) = self.logs.back_mut().filter(|log| !log.closed) {
            if log.complaint.is_none() && crash::is_complaint(line) {
                log.complaint = Some(crash::message(line).to_owned());
            }
            log.lines.push(line.to_owned());
        }
        self.collect(line)
    }

    fn log_mark(&mut self, mark: &str) {
        self.suite_mark(&words::split(mark));
    }

    fn output(&mut self, bytes: &[u8]) {
        if let Some(running) = &mut self.running {
            running.output.extend_from_slice(bytes);
        }
    }

    fn mark(&mut self, mark: Mark) {
        match mark {
            Mark::Tests { suite, names } => {
                for name in names {
                    let test = (suite.clone(), name);
                    if !self.listed.contains(&test) {
                        self.listed.push(test);
                    }
                }
            }
            Mark::NoTests { suite, why } => {
                let why = format!("the program does not list its tests: {why}");
                let failure = Failure::NotRun(why);
                self.add(TestResult::failed(suite, "list".to_owned(), failure));
            }
            Mark::Leaks {
                suite,
                name,
                count,
                bytes,
                text,
            } => self.leaks(suite, &name, Failure::Leak { count, bytes }, text),
            Mark::NoSearch { suite, name, why } => {
                let why = format!("lost memory could not be searched for: {why}");
                self.leaks(suite, &name, Failure::NotRun(why), String::new());
            }
            Mark::Stuck => self.stuck = true,
            Mark::Note(note) => {
                if let Some(running) = &mut self.running {
                    running.notes.push(note);
                }
            }
            mark => {
                if let Some(running) = &mut self.running {
                    running.ended = Some(mark);
                }
            }
        }
    }

    fn ktap(&mut self, line: &str) {
        match ktap::parse(line) {
            Some((0, Line::Plan(_))) => {
                let total = self.listed.len();
                (self.on_event)(Event::TestsListed { total });
            }
            Some((1, Line::Subtest(suite))) => self.suite = suite,
            Some((1, Line::Start(name))) => self.start(name),
            Some((1, Line::Result { ok, .. })) if !self.stuck => {
                if let Some(running) = self.running.take() {
                    let outcome = self.outcome(ok, running.ended.as_ref());
                    self.waiting.push_back((running, outcome));
                    self.settle();
                }
            }
            _ => {}
        }
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.limits.test + SLACK)
    }

    fn verdict(&self) -> Verdict {
        let limit = self.limits.test;
        if self.stuck {
            let seconds = limit.as_secs_f32();
            return Verdict::Hangs(format!(
                "the test hangs in the kernel: it took longer than {seconds} s and cannot be killed"
            ));
        }
        let overdue = |collector: &Collector| collector.age() > limit;
        if self.collector.as_ref().is_some_and(overdue) {
            let seconds = limit.as_secs_f32();
            return Verdict::Hangs(format!("the in-kernel test took longer than {seconds} s"));
        }
        Verdict::GoOn
    }
}
