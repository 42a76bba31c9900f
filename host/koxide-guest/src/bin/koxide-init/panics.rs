// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs tests of a driver whose module panics, and looks afterwards whether all is as it was.
//!
//! What the test makes of the panic is its own matter. The machine must go on without a complaint, the module can be unloaded,
//! and with the module as it was before, the same test passes.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use koxide_guest::protocol::{LOG_MARK, Mark, Panics, Patch, Run, Sought, complaint, paths};
use koxide_guest::{Errno, KernelLog, Module, module};

use crate::boot;
use crate::commands::environment;
use crate::pump::{self, Streams};
use crate::report::Report;
use crate::watch::Watch;

/// How long a module may be in use after a test, by what ends by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// The least time that a test of a module that panics is given: it may wait for what does not come any more.
const LEAST: Duration = Duration::from_secs(2);

/// The least time that it has after the panic.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// How long a driver may wait that nobody can interrupt, for what does not come any more, before that counts as for ever.
const DEATH: Duration = Duration::from_secs(15);

/// How many tests are looked for that get to a place.
const ENOUGH: usize = 3;

/// How many tests are tried in vain for another one that gets to a place.
const IN_VAIN: usize = 8;

/// What the log has of each panic that was contained.
const PANIC: [&str; 2] = [": panic ", "contained"];

/// Does what the plan says.
pub(crate) fn run(plan: &Panics, report: &Report) -> io::Result<()> {
    boot::answer_when_asked(report)?;
    let mut runner = Runner {
        report,
        subject: Subject::new(&plan.module, &plan.file)?,
        plan,
        watch: Watch::new()?,
        suite: String::new(),
        spoilt: false,
    };
    report.record("KTAP version 1")?;
    report.record("1..1")?;
    runner.run_all()?;
    runner.watch.tell_leaks(report)
}

/// The module that panics.
#[derive(Debug)]
struct Subject {
    name: String,
    /// Where tests load it from.
    path: PathBuf,
    /// The file as it is when nothing panics.
    bytes: Vec<u8>,
}

impl Subject {
    /// The module `name`, from a file of perhaps another name.
    fn new(name: &str, file: &str) -> io::Result<Self> {
        let path = |name: &str| PathBuf::from(paths::MODULES).join(format!("{name}.ko"));
        Ok(Self {
            bytes: fs::read(path(file))?,
            path: path(name),
            name: name.to_owned(),
        })
    }

    /// Puts the module where tests load it from.
    fn put(&self, patch: &[Patch]) -> io::Result<()> {
        let mut bytes = self.bytes.clone();
        for Patch { at, bytes: new } in patch {
            let start = usize::try_from(*at).unwrap_or(usize::MAX);
            let range = start..start.saturating_add(new.len());
            let place = bytes.get_mut(range).ok_or_else(|| {
                io::Error::other(format!("{} has no place {at:#x}", self.path.display()))
            })?;
            place.copy_from_slice(new);
        }
        fs::write(&self.path, bytes)
    }

    /// Unloads the module, if the test that failed left it behind.
    fn unload(&self) -> Result<(), Errno> {
        let start = Instant::now();
        while Module::is_loaded(&self.name) {
            match module::remove(&self.name) {
                Err(errno) if start.elapsed() > PATIENCE => return Err(errno),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// A test that passes when nothing panics.
#[derive(Debug, Clone)]
struct Known {
    program: usize,
    name: String,
    takes: Duration,
    /// How many places it got to.
    score: usize,
}

/// What a test came to.
struct Ended {
    mark: Mark,
    /// The module panicked, and that was contained.
    panicked: bool,
    /// The kernel complained of something.
    complained: bool,
    /// Why the module could not be unloaded.
    stays: Option<Errno>,
}

struct Runner<'a> {
    report: &'a Report,
    subject: Subject,
    plan: &'a Panics,
    watch: Watch,
    /// That of the last result.
    suite: String,
    /// The machine is of no more use, or watches no more: what is left is for the next boot.
    spoilt: bool,
}

impl Runner<'_> {
    fn run_all(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let suite_of = |run: &Run| &plan.programs[run.program].suite;
        let of_sought = plan.sought.iter().map(|s| (&s.suite, &s.name));
        let of_runs = plan.runs.iter().map(|run| (suite_of(run), &run.name));
        for (suite, name) in of_sought.chain(of_runs) {
            self.report.mark(&Mark::Tests {
                suite: suite.clone(),
                names: vec![name.clone()],
            })?;
        }
        if !plan.sought.is_empty() {
            let mut known = self.known()?;
            for sought in &plan.sought {
                self.case(&sought.suite, &sought.name, |runner| {
                    runner.search(sought, &mut known)
                })?;
            }
        }
        for run in &plan.runs {
            self.case(suite_of(run), &run.name, |runner| runner.force(run))?;
        }
        Ok(())
    }

    fn is_done(&self, suite: &str, name: &str) -> bool {
        let is = |(s, n): &(String, String)| s == suite && n == name;
        self.plan.done.iter().any(is)
    }

    /// Runs something that has a result of its own, unless it has that already.
    fn case(
        &mut self,
        suite: &str,
        name: &str,
        body: impl FnOnce(&mut Self) -> io::Result<Mark>,
    ) -> io::Result<()> {
        if self.spoilt || self.is_done(suite, name) {
            return Ok(());
        }
        if self.suite != suite {
            suite.clone_into(&mut self.suite);
            self.report.record(&format!("    # Subtest: {suite}"))?;
        }
        self.watch.begins(suite, name);
        boot::log(&format!("{LOG_MARK} start"))?;
        self.report.record(&format!("    # start: {name}"))?;
        let ended = body(self)?;
        boot::log(&format!("{LOG_MARK} end"))?;
        self.watch.ended();
        self.report.mark(&ended)?;
        let ok = if ended == Mark::Exit(0) {
            "ok"
        } else {
            "not ok"
        };
        self.report.record(&format!("    {ok} 1 {name}"))?;
        self.spoilt = self.watch.spoke() || Module::is_loaded(&self.subject.name);
        Ok(())
    }

    /// The tests that pass when nothing panics, and lose nothing on purpose, those that take the least time first.
    fn known(&mut self) -> io::Result<Vec<Known>> {
        let mut known = Vec::new();
        for program in 0..self.plan.programs.len() {
            let of = &self.plan.programs[program];
            let mut command = environment(Command::new(&of.path));
            let listed = command.args(["--list", "--format=terse"]).output()?;
            let text = String::from_utf8_lossy(&listed.stdout).into_owned();
            for name in text.lines().filter_map(|line| line.strip_suffix(": test")) {
                let mut one = |runner: &mut Self| {
                    let start = Instant::now();
                    let ended = runner.test(program, name, &[], runner.plan.limit)?;
                    if ended.mark == Mark::Exit(0) && !ended.complained {
                        known.push(Known {
                            program,
                            name: name.to_owned(),
                            takes: start.elapsed(),
                            score: 0,
                        });
                    }
                    Ok(ended.mark)
                };
                // Its result may be known from another boot, but not how long it takes.
                match self.is_done(&of.suite, name) {
                    true => one(self).map(drop)?,
                    false => self.case(&of.suite, name, one)?,
                }
            }
        }
        known.sort_by_key(|known| known.takes);
        Ok(known)
    }

    /// Looks for tests that get to a place.
    fn search(&mut self, sought: &Sought, known: &mut [Known]) -> io::Result<Mark> {
        // Tests of its own subject, then those that got far, then those that take little time.
        known.sort_by_key(|known| {
            let elsewhere = known.program != sought.first;
            (elsewhere, std::cmp::Reverse(known.score), known.takes)
        });
        let (mut found, mut since) = (0, 0);
        for known in known {
            let limit = (known.takes * 4).max(LEAST);
            let ended = self.test(known.program, &known.name, &sought.patch, limit)?;
            since += 1;
            if ended.panicked {
                (found, since) = (found + 1, 0);
                known.score += 1;
                let millis = known.takes.as_millis();
                let note = format!("reached by: {} {millis} {}", known.program, known.name);
                self.report.mark(&Mark::Note(note))?;
            }
            if let Some(errno) = ended.stays {
                return self.wrong(&format!("the module cannot be unloaded: {errno}"));
            }
            if found == ENOUGH || found > 0 && since == IN_VAIN || self.watch.spoke() {
                break;
            }
        }
        Ok(Mark::Exit(0))
    }

    /// Has a test run while the module panics, and again with the module as it was.
    fn force(&mut self, run: &Run) -> io::Result<Mark> {
        let ended = self.test(run.program, &run.test, &run.patch, run.limit)?;
        if let Some(errno) = ended.stays {
            return self.wrong(&format!("the module cannot be unloaded: {errno}"));
        }
        if !ended.panicked {
            return Ok(Mark::Exit(0));
        }
        let again = self.test(run.program, &run.test, &[], run.limit.max(self.plan.limit))?;
        if let Some(errno) = again.stays {
            return self.wrong(&format!("loaded again it cannot be unloaded: {errno}"));
        }
        match again.mark {
            Mark::Exit(0) => Ok(again.mark),
            _ => self.wrong("after the panic the test fails with the module as it was"),
        }
    }

    fn wrong(&self, why: &str) -> io::Result<Mark> {
        self.report.mark(&Mark::Note(why.to_owned()))?;
        Ok(Mark::Exit(1))
    }

    /// Runs a test, which may fail, and sees to it that the module is not loaded any more.
    fn test(
        &self,
        program: usize,
        name: &str,
        patch: &[Patch],
        limit: Duration,
    ) -> io::Result<Ended> {
        self.subject.put(patch)?;
        // Many tests may be one search, and the host wants to hear that the machine is alive.
        self.report.record(&format!("# {name}"))?;
        // Whoever waits for what does not come any more need not do so for long.
        let patience = (limit / 8).max(AFTERWARDS);
        let mut log = KernelLog::since_now();
        let mut command = environment(Command::new(&self.plan.programs[program].path));
        command
            .args(["--exact", name, "--include-ignored", "--nocapture"])
            .arg("--test-threads=1")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        let is_panic = |line: &String| PANIC.iter().all(|word| line.contains(word));
        let mut panicked = None;
        let mut too_long = |time| {
            if panicked.is_none() && log.lines().iter().any(is_panic) {
                panicked = Some(time);
            }
            time > limit || panicked.is_some_and(|since| time - since > patience)
        };
        let (streams, too_long) = (Streams::Merged, &mut too_long);
        let mark = pump::run_until(&mut command, streams, too_long, DEATH, self.report)?;
        if mark == Mark::Stuck {
            self.report.mark(&mark)?;
            boot::wait_for_the_end();
        }
        let stays = self.subject.unload().err();
        Ok(Ended {
            mark,
            panicked: panicked.is_some() || log.lines().iter().any(is_panic),
            complained: log.lines().iter().any(|line| complaint::is_complaint(line)),
            stays,
        })
    }
}
