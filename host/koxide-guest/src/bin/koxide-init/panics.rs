// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs tests of a driver whose module panics, and looks afterwards whether all is as it was.
//!
//! What the test makes of the panic is its own matter. The machine must go on without a complaint, the module can be unloaded,
//! and with the module as it was before, the same test passes.

mod callers;
mod seen;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use koxide_guest::protocol::{LOG_MARK, Mark, Panics, Patch, Run, complaint, paths};
use koxide_guest::{Errno, KernelLog, Module, module};

use crate::boot;
use crate::commands::environment;
use crate::pump::{self, Streams};
use crate::report::Report;
use crate::watch::Watch;
use callers::Callers;
use seen::Panic;

/// How long a module may be in use after a test, by what ends by itself.
const PATIENCE: Duration = Duration::from_secs(5);

/// The least time that a test of a module that panics is given: it may wait for what does not come any more.
const LEAST: Duration = Duration::from_secs(2);

/// How long a test takes of which it is not known.
const USUAL: Duration = Duration::from_secs(1);

/// The least time that it has after the panic.
const AFTERWARDS: Duration = Duration::from_millis(500);

/// How long a driver may wait that nobody can interrupt, for what does not come any more, before that counts as for ever.
const DEATH: Duration = Duration::from_secs(15);

/// How many tests are looked for that get to a place.
const ENOUGH: usize = 3;

/// Where a folder of user space's keeps a module loaded.
const CONFIGFS: &str = "/sys/kernel/config";

/// Does what the plan says.
pub(crate) fn run(plan: &Panics, report: &Report) -> io::Result<()> {
    boot::answer_when_asked(report)?;
    let mut runner = Runner {
        report,
        subject: Subject::new(&plan.module, &plan.file)?,
        plan,
        watch: Watch::new()?,
        callers: Callers::trace(),
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
    /// Where tests load it from, and where those do that are about what it is given.
    paths: [PathBuf; 2],
    /// The file as it is when nothing panics.
    bytes: Vec<u8>,
}

impl Subject {
    /// The module `name`, from a file of perhaps another name.
    fn new(name: &str, file: &str) -> io::Result<Self> {
        let path = |name: &str| PathBuf::from(paths::MODULES).join(format!("{name}.ko"));
        Ok(Self {
            bytes: fs::read(path(file))?,
            paths: [path(name), path(file)],
            name: name.to_owned(),
        })
    }

    /// Puts the module where tests load it from.
    fn put<'a>(&self, patches: impl Iterator<Item = &'a Patch>) -> io::Result<()> {
        let mut bytes = self.bytes.clone();
        for Patch { at, bytes: new } in patches {
            let start = usize::try_from(*at).unwrap_or(usize::MAX);
            let range = start..start.saturating_add(new.len());
            let place = bytes
                .get_mut(range)
                .ok_or_else(|| io::Error::other(format!("{} has no place {at:#x}", self.name)))?;
            place.copy_from_slice(new);
        }
        self.paths
            .iter()
            .try_for_each(|path| fs::write(path, &bytes))
    }

    /// Unloads the module, if the test that failed left it behind.
    fn unload(&self) -> Result<(), Errno> {
        if Module::is_loaded(&self.name) {
            remove_folders(Path::new(CONFIGFS));
        }
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

/// Removes the folders that the test has made and a module's file system keeps; what the kernel has made stays.
fn remove_folders(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten().filter(|e| e.path().is_dir()) {
        remove_folders(&entry.path());
        let _ = fs::remove_dir(entry.path());
    }
}

/// A test that passes when nothing panics.
#[derive(Debug, Clone)]
struct Known {
    program: usize,
    name: String,
    takes: Duration,
}

/// What a test came to.
struct Ended {
    mark: Mark,
    /// The panics that were contained.
    panics: Vec<Panic>,
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
    callers: Option<Callers>,
    /// That of the last result.
    suite: String,
    /// The machine is of no more use, or watches no more: what is left is for the next boot.
    spoilt: bool,
}

impl Runner<'_> {
    fn run_all(&mut self) -> io::Result<()> {
        let plan = self.plan;
        if !plan.sought.is_empty() {
            self.survey()?;
        }
        let suite_of = |run: &Run| &plan.programs[run.program].suite;
        for run in &plan.runs {
            self.listed(suite_of(run), &run.name)?;
        }
        for run in &plan.runs {
            self.case(suite_of(run), &run.name, |runner| runner.force(run))?;
        }
        Ok(())
    }

    /// Tells the host of something that will have a result.
    fn listed(&self, suite: &str, name: &str) -> io::Result<()> {
        self.report.mark(&Mark::Tests {
            suite: suite.to_owned(),
            names: vec![name.to_owned()],
        })
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

    /// Finds out which tests get to which sites.
    fn survey(&mut self) -> io::Result<()> {
        let plan = self.plan;
        let mut found = vec![0; plan.sites.len()];
        let known = self.known()?;
        for known in &known {
            self.listed(&plan.programs[known.program].suite, &known.name)?;
        }
        for known in &known {
            let suite = &plan.programs[known.program].suite;
            self.case(suite, &known.name, |runner| runner.look(known, &mut found))?;
        }
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
                if self.is_done(&of.suite, name) {
                    continue;
                }
                if !self.plan.done.is_empty() {
                    // Another boot has seen it pass.
                    known.push(Known {
                        program,
                        name: name.to_owned(),
                        takes: USUAL,
                    });
                    continue;
                }
                let start = Instant::now();
                let ended = self.test(program, name, &BTreeSet::new(), self.plan.limit)?;
                if ended.mark == Mark::Exit(0) && !ended.complained {
                    known.push(Known {
                        program,
                        name: name.to_owned(),
                        takes: start.elapsed(),
                    });
                } else {
                    self.case(&of.suite, name, |_| Ok(ended.mark))?;
                }
            }
        }
        known.sort_by_key(|known| known.takes);
        Ok(known)
    }

    /// Finds the sites that a test gets to: all are forced that are sought; where it panics is one, and is not forced the next time.
    fn look(&mut self, known: &Known, found: &mut [usize]) -> io::Result<Mark> {
        let sought = self.plan.sought.iter().copied();
        let sought: BTreeSet<usize> = sought.filter(|site| found[*site] < ENOUGH).collect();
        let mut todo = vec![sought];
        while let Some(mut sought) = todo.pop() {
            let limit = (known.takes * 4).max(LEAST);
            if sought.is_empty() || self.watch.spoke() {
                continue;
            }
            let ended = self.test(known.program, &known.name, &sought, limit)?;
            let hit: BTreeSet<usize> = ended.panics.iter().filter_map(|p| p.site).collect();
            let mut hit: Vec<usize> = hit.intersection(&sought).copied().collect();
            if hit.is_empty() && ended.panics.iter().any(|panic| panic.site.is_none()) {
                // Without a trace it is one of them.
                if sought.len() > 1 {
                    let half = sought.iter().copied().nth(sought.len() / 2);
                    todo.push(sought.split_off(&half.unwrap_or_default()));
                    todo.push(sought);
                    continue;
                }
                hit.extend(&sought);
            }
            for site in &hit {
                sought.remove(site);
                found[*site] += 1;
                let note = format!("gets to: {site} {}", known.takes.as_millis());
                self.report.mark(&Mark::Note(note))?;
            }
            if let Some(errno) = ended.stays {
                return self.wrong(&format!("the module cannot be unloaded: {errno}"));
            }
            if !hit.is_empty() {
                todo.push(sought);
            }
        }
        Ok(Mark::Exit(0))
    }

    /// Has a test run while the module panics, and again with the module as it was.
    fn force(&mut self, run: &Run) -> io::Result<Mark> {
        if let Some(callers) = &self.callers {
            callers.forget();
        }
        let ended = self.test(run.program, &run.test, &[run.site].into(), run.limit)?;
        // Without much stack there is no trace, but a panic.
        let is_it = |panic: &&Panic| panic.site.is_none_or(|site| site == run.site);
        let Some(panic) = ended.panics.iter().find(is_it) else {
            return Ok(Mark::Exit(0));
        };
        let told = self.callers.as_ref().map(Callers::told);
        let right = told
            .as_ref()
            .map_or_else(|| "-".to_owned(), |told| told.right.to_string());
        let note = format!("panicked in: {right} {}", panic.callback);
        self.report.mark(&Mark::Note(note))?;
        if let Some((line, returned)) = told.as_ref().and_then(|told| told.wrong.first()) {
            return self.wrong(&format!("the caller was told {returned}: {line}"));
        }
        if let Some(errno) = ended.stays {
            return self.wrong(&format!("the module cannot be unloaded: {errno}"));
        }
        let limit = run.limit.max(self.plan.limit);
        let again = self.test(run.program, &run.test, &BTreeSet::new(), limit)?;
        if let Some(errno) = again.stays {
            return self.wrong(&format!("loaded again it cannot be unloaded: {errno}"));
        }
        match again.mark {
            Mark::Exit(0) => Ok(again.mark),
            _ => self.wrong("after the panic the test fails with the module as it was"),
        }
    }

    fn wrong(&self, why: &str) -> io::Result<Mark> {
        self.report.mark(&Mark::Note(format!("wrong: {why}")))?;
        Ok(Mark::Exit(1))
    }

    /// Runs a test while the module panics at these sites; it may fail. Sees to it that the module is not loaded any more.
    fn test(
        &self,
        program: usize,
        name: &str,
        sites: &BTreeSet<usize>,
        limit: Duration,
    ) -> io::Result<Ended> {
        let patches = sites.iter().flat_map(|site| &self.plan.sites[*site].patch);
        self.subject.put(patches)?;
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
        let mut panicked = None;
        let mut too_long = |time| {
            // A test may be about other panics.
            let is_it = |panic: &Panic| panic.site.is_none_or(|site| sites.contains(&site));
            let panics = |log: &mut KernelLog| seen::panics(log.lines(), &self.plan.sites);
            if panicked.is_none() && !sites.is_empty() && panics(&mut log).iter().any(is_it) {
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
        let lines = log.lines();
        Ok(Ended {
            mark,
            panics: seen::panics(lines, &self.plan.sites),
            complained: lines.iter().any(|line| complaint::is_complaint(line)),
            stays,
        })
    }
}
