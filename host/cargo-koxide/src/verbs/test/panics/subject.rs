// SPDX-License-Identifier: MIT OR Apache-2.0

//! A driver on a kernel, whose module is made to panic.

use std::path::PathBuf;
use std::time::Duration;

use koxide_build::module::Shims;
use koxide_build::panics::{self, Site, Way};
use koxide_build::{Driver, Kernel, Lines, Module};
use koxide_vm::{
    CrashKind, Error, Event, Failure, Outcome, Patch, Payload, Plan, Program, Run, TestResult, Vm,
};

use super::choice::{self, Chosen};
use crate::cli::Test;
use crate::machine::explained;
use crate::results::{Case, Object, Verdict};
use crate::trace::{Trace, is_foreign, short};
use crate::workshop::Workshop;

/// What the log says when something panics that another panic drops.
const SECOND: &str = "while it unwound, another one came";

/// Why a test is not used that hangs.
pub(super) const WAITS: &str =
    "a thread of it waits without a limit for what a panic keeps from it";

/// A driver on a kernel.
pub(super) struct Subject {
    /// The driver's name.
    pub(super) driver: String,
    kernel: String,
    /// The command that tests it.
    command: String,
    /// The longest that a test may take when nothing panics.
    limit: Duration,
    /// Whether the kernel has the same object as most others.
    pub(super) stock: bool,
    /// Where it is remembered which tests get where.
    pub(super) folder: PathBuf,
    pub(super) vm: Vm,
    /// The test programs.
    pub(super) programs: Vec<Program>,
    pub(super) payload: Payload,
    /// The module that is made to panic: the one that knows what was not given back.
    pub(super) module: Module,
    /// Its sites, each with its place in the source.
    pub(super) sites: Vec<(Site, String)>,
}

impl Subject {
    /// Builds the driver's module and tests.
    pub(super) fn build(
        workshop: &Workshop<'_>,
        options: &Test,
        driver: &Driver,
        kernel: &Kernel,
    ) -> anyhow::Result<Self> {
        let variant = workshop.variant(kernel)?;
        let values = if variant.values { " --debug" } else { "" };
        let programs = workshop.test_programs(driver, variant.arch)?;
        let programs = programs.into_iter().map(|program| Program {
            suite: format!("{}::{}", driver.package, program.name),
            path: program.path,
            twins: false,
        });
        let object = workshop.object(driver, &variant, false)?;
        let shipped = workshop.module(&object, Shims::Shipped, kernel)?;
        let module = workshop.module(&object, Shims::Faulty, kernel)?;
        let sites = panics::sites(&module.path, kernel.arch);
        let sites = explained(sites.map_err(koxide_build::module::Error::from))?;
        let lines = module
            .lines
            .as_ref()
            .and_then(|file| Lines::open(file).ok());
        let sites = sites.into_iter().map(|site| {
            let place = place(&site, lines.as_ref());
            (site, place)
        });
        Ok(Self {
            driver: driver.package.clone(),
            kernel: kernel.release.clone(),
            command: format!(
                "cargo koxide test -p {} --kernel {}{values}",
                driver.package, kernel.name
            ),
            limit: Duration::from_secs(options.timeout.get().into()),
            stock: variant.is_stock(),
            folder: workshop.project.output_dir().join("panics"),
            vm: workshop.vm(kernel)?,
            programs: programs.collect(),
            payload: Payload {
                modules: vec![shipped.path, module.path.clone()],
                programs: driver.programs.clone(),
                ..Payload::default()
            },
            sites: sites.collect(),
            module,
        })
    }

    /// What the virtual machine is to do.
    pub(super) fn plan(&self, sought: Vec<usize>, runs: Vec<Run>) -> Plan {
        let site = |(site, _): &(Site, String)| koxide_vm::Site {
            call: format!("{}+{:#x}", site.function, site.back - 1),
            patch: patch(site),
        };
        let file = self.module.path.file_stem().unwrap_or_default();
        Plan::Panics {
            programs: self.programs.clone(),
            module: self.module.name.clone(),
            file: file.display().to_string(),
            sites: self.sites.iter().map(site).collect(),
            sought,
            runs,
            limit: self.limit,
        }
    }

    /// Makes the panics, and tells of each.
    pub(super) fn force(
        &self,
        chosen: &[&Chosen],
        on_run: &mut dyn FnMut(&Chosen, &TestResult) -> Case,
    ) -> Result<Vec<Case>, Error> {
        let runs = chosen.iter().map(|chosen| Run {
            program: chosen.program,
            name: chosen.name.clone(),
            test: chosen.test.clone(),
            site: chosen.site,
            limit: chosen.limit,
        });
        let mut cases = Vec::new();
        let plan = self.plan(Vec::new(), runs.collect());
        self.vm.run(&plan, &self.payload, &mut |event| {
            if let Event::TestDone(test) = event {
                let of = |c: &&&Chosen| {
                    c.name == test.name && self.programs[c.program].suite == test.suite
                };
                if let Some(chosen) = chosen.iter().find(of) {
                    cases.push(on_run(chosen, test));
                } else {
                    cases.push(self.case(test));
                }
            }
        })?;
        Ok(cases)
    }

    /// A test of the survey as a line of the results.
    pub(super) fn surveyed(&self, test: &TestResult) -> Case {
        let sites = test
            .notes
            .iter()
            .filter(|note| !note.starts_with("wrong: "));
        let verdict = match (&test.outcome, sites.count()) {
            (Outcome::Passed, 0) => Some(Verdict::Skipped("it gets to no other site".to_owned())),
            (Outcome::Passed, _) => Some(Verdict::Passed),
            _ => not_contained(test).map(|why| Verdict::Skipped(why.to_owned())),
        };
        let case = self.case(test);
        Case {
            suite: format!("survey of {}", case.suite),
            verdict: verdict.unwrap_or(case.verdict),
            ..case
        }
    }

    /// A run as a line of the results.
    pub(super) fn case(&self, test: &TestResult) -> Case {
        let (verdict, tail) = match &test.outcome {
            Outcome::Passed if panicked(test).is_some() => (Verdict::Passed, &[][..]),
            Outcome::Passed => {
                let why = "no test got there".to_owned();
                (Verdict::Skipped(why), &[][..])
            }
            Outcome::Skipped(why) => (Verdict::Skipped(why.clone()), &[][..]),
            Outcome::Failed(Failure::Crash(crash)) => {
                (Verdict::Crashed(crash.to_string()), &crash.tail[..])
            }
            Outcome::Failed(failure) => {
                let why = |note: &String| Some(note.strip_prefix("wrong: ")?.to_owned());
                let why = test.notes.iter().find_map(why);
                let why = why.unwrap_or_else(|| failure.to_string());
                (Verdict::Failed(why), &test.log[..])
            }
        };
        let mut output = test.output.clone();
        if !tail.is_empty() {
            output += "\n--- the kernel's log ---\n";
            output += &Trace::of([&self.module]).explain_all(tail);
            output += &format!(
                "\n--- this run alone ---\n{} --faults 1 '{}::{}'",
                self.command,
                test.suite,
                choice::once(&test.name)
            );
        }
        Case {
            place: self.kernel.clone(),
            suite: test.suite.clone(),
            name: test.name.clone(),
            verdict,
            duration: Some(test.duration),
            output,
            object: Some(Object {
                name: format!("{}.o", self.module.name),
                sha256: self.module.object.clone(),
            }),
        }
    }

    /// The suite of a program.
    pub(super) fn suite(&self, program: usize) -> &str {
        &self.programs[program].suite
    }
}

/// How many callers were told of an errno, where the kernel can trace that, and the function that the kernel called in which the
/// panic was contained.
pub(super) fn panicked(test: &TestResult) -> Option<(Option<u32>, &str)> {
    test.notes.iter().find_map(|note| {
        let (told, callback) = note.strip_prefix("panicked in: ")?.split_once(' ')?;
        Some((told.parse().ok(), callback))
    })
}

/// Why a test is not used where many sites are forced at once, if that is by design: see `book/src/panics.md`.
pub(super) fn not_contained(test: &TestResult) -> Option<&'static str> {
    let Outcome::Failed(Failure::Crash(crash)) = &test.outcome else {
        return None;
    };
    let says = |text: &str| test.log.iter().any(|line| line.contains(text));
    if says(SECOND) {
        Some("where many sites are forced, what a panic drops panics, too")
    } else if crash.kind == CrashKind::Hang && says("; contained, ") {
        Some(WAITS)
    } else {
        None
    }
}

/// What makes the module panic at a site.
fn patch(site: &Site) -> Vec<Patch> {
    let checks = match &site.way {
        Way::Forced(checks) => &checks[..],
        Way::Not(_) => &[],
    };
    let patch = checks.iter().map(|check| Patch {
        at: check.at,
        bytes: check.bytes.clone(),
    });
    patch.collect()
}

/// Where in the source a site is: what of it is no other crate's.
fn place(site: &Site, lines: Option<&Lines>) -> String {
    let function = own_name(&site.function);
    let frames = lines.map_or_else(Vec::new, |lines| lines.at(function, site.back - 1));
    let own = frames
        .iter()
        .find(|frame| !is_foreign(frame))
        .or(frames.first());
    match own {
        Some(frame) => format!("{}:{}", short(&frame.file), frame.line),
        None => format!(
            "{:#}+{:#x}",
            rustc_demangle::demangle(&site.function),
            site.back
        ),
    }
}

/// A function's own name: with the shims that keep a ledger, those that the kernel calls have others.
fn own_name(function: &str) -> &str {
    match function {
        "kx_driver_init" => "init_module",
        "kx_driver_exit" => "cleanup_module",
        other => other,
    }
}
