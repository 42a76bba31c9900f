// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs test programs, each test by itself, and modules with tests in them.

use std::collections::HashSet;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use koxide_guest::protocol::{KernelSuite, LOG_MARK, Mark, Program, TWINS, words};
use koxide_guest::{Errno, Module, module};

use crate::boot;
use crate::commands::environment;
use crate::pump::{self, Streams};
use crate::report::Report;
use crate::watch::Watch;

/// How the tests are to be run.
#[derive(Debug)]
pub(crate) struct Tests<'a> {
    report: &'a Report,
    filter: Vec<String>,
    done: HashSet<(String, String)>,
    limit: Duration,
    watch: Watch,
}

impl<'a> Tests<'a> {
    /// Runs only what passes the filter and is not done.
    pub(crate) fn new(
        report: &'a Report,
        filter: Vec<String>,
        done: Vec<(String, String)>,
        limit: Duration,
    ) -> io::Result<Self> {
        Ok(Self {
            report,
            filter,
            done: done.into_iter().collect(),
            limit,
            watch: Watch::new()?,
        })
    }

    /// Runs all tests; those that are left after a debug kernel's complaint are for the next boot.
    pub(crate) fn run(&mut self, programs: &[Program], kernel: &[KernelSuite]) -> io::Result<()> {
        boot::answer_when_asked(self.report)?;
        let mut listed = Vec::new();
        for program in programs {
            if let Some(names) = self.list(program)? {
                listed.push((program, names));
            }
        }
        self.report.record("KTAP version 1")?;
        self.report.record(&format!("1..{}", listed.len()))?;
        for (index, (program, names)) in listed.iter().enumerate() {
            let passed = self.run_program(program, names)?;
            let line = format!("{} {} {}", ok(passed), index + 1, program.suite);
            self.report.record(&line)?;
        }
        for suite in kernel {
            if !self.watch.spoke() {
                self.run_kernel_suite(suite)?;
            }
        }
        self.watch.tell_leaks(self.report)
    }

    /// The tests of a program, told to the host; nothing when it cannot list them.
    fn list(&self, program: &Program) -> io::Result<Option<Vec<String>>> {
        let suite = program.suite.clone();
        let mut command = environment(Command::new(&program.path));
        command
            .args(["--list", "--format=terse"])
            .stdin(Stdio::null());
        let why = match command.output() {
            Ok(output) if output.status.success() => {
                let text = String::from_utf8_lossy(&output.stdout);
                let names = self.select(&suite, &text);
                self.report.mark(&Mark::Tests {
                    suite,
                    names: names.clone(),
                })?;
                return Ok(Some(names));
            }
            Ok(output) => format!(
                "{}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            ),
            Err(error) => error.to_string(),
        };
        self.report.mark(&Mark::NoTests { suite, why })?;
        Ok(None)
    }

    fn select(&self, suite: &str, listing: &str) -> Vec<String> {
        listing
            .lines()
            .filter_map(|line| line.strip_suffix(": test"))
            .filter(|name| self.wanted(suite, name))
            .map(str::to_owned)
            .collect()
    }

    fn wanted(&self, suite: &str, name: &str) -> bool {
        let full = format!("{suite}::{name}");
        let passes =
            self.filter.is_empty() || self.filter.iter().any(|f| full.contains(f.as_str()));
        passes && !self.done.contains(&(suite.to_owned(), name.to_owned()))
    }

    fn run_program(&mut self, program: &Program, names: &[String]) -> io::Result<bool> {
        self.report.record("    KTAP version 1")?;
        self.report
            .record(&format!("    # Subtest: {}", program.suite))?;
        self.report.record(&format!("    1..{}", names.len()))?;
        let mut all = true;
        for (index, name) in names.iter().enumerate() {
            if self.watch.spoke() {
                return Ok(false);
            }
            let passed = self.run_test(program, name)?;
            self.watch.ended();
            all &= passed;
            let line = format!("    {} {} {name}", ok(passed), index + 1);
            self.report.record(&line)?;
        }
        Ok(all)
    }

    fn run_test(&mut self, program: &Program, name: &str) -> io::Result<bool> {
        self.watch.begins(&program.suite, name);
        boot::log(&format!("{LOG_MARK} start"))?;
        self.report.record(&format!("    # start: {name}"))?;
        let mut command = environment(Command::new(&program.path));
        command
            .args(["--exact", name, "--include-ignored", "--nocapture"])
            .arg("--test-threads=1")
            .env("RUST_BACKTRACE", "0")
            .envs(program.twins.then_some((TWINS, "1")))
            .stdin(Stdio::null());
        let ended = pump::run(&mut command, Streams::Merged, Some(self.limit), self.report)?;
        if ended == Mark::Stuck {
            self.report.mark(&ended)?;
            boot::wait_for_the_end();
        }
        self.unload_leftovers()?;
        boot::log(&format!("{LOG_MARK} end"))?;
        self.report.mark(&ended)?;
        Ok(ended == Mark::Exit(0))
    }

    /// Unloads modules that a test which was killed left behind, so that the next test finds none.
    fn unload_leftovers(&self) -> io::Result<()> {
        for name in module::under_test() {
            if !Module::is_loaded(&name) {
                continue;
            }
            let text = match module::remove(&name) {
                Ok(()) => format!("the module {name} was still loaded, and was unloaded now\n"),
                Err(errno) => format!("the module {name} is still loaded: {errno}\n"),
            };
            self.report.output(1, text.as_bytes())?;
        }
        Ok(())
    }

    /// Loads a module that runs tests; its results are in the kernel log, between two marks.
    fn run_kernel_suite(&mut self, suite: &KernelSuite) -> io::Result<()> {
        self.watch.begins(&suite.suite, "load");
        let mark = |what: &str, rest: &[&str]| {
            let mut words = vec![what, &suite.suite];
            words.extend(rest);
            boot::log(&format!("{LOG_MARK} {}", words::join(words)))
        };
        mark("suite", &[])?;
        let (stage, errno) = match Module::load(&suite.module, &suite.params) {
            Err(errno) => ("load", errno),
            Ok(module) => match module.unload() {
                Ok(()) => ("done", Errno(0)),
                Err((module, errno)) => {
                    module.keep();
                    ("unload", errno)
                }
            },
        };
        mark("suite-end", &[stage, &errno.0.to_string()])
    }
}

fn ok(passed: bool) -> &'static str {
    if passed { "ok" } else { "not ok" }
}
