// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs a plan from its first boot to its report.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use koxide_guest::protocol;
use tempfile::TempDir;

use crate::boot::{self, End};
use crate::commands::Commands;
use crate::error::Error;
use crate::initramfs::Archive;
use crate::plan::{Kernel, KernelSuite, Limits, Load, Machine, Payload, Plan, Program, Step};
use crate::qemu::{Accelerator, Qemu};
use crate::report::Report;
use crate::terminal::{self, Input};
use crate::tests::Tests;
use crate::{Event, accel, image, payload};

/// A kernel, the machine to boot it in, and what that takes.
#[derive(Debug, Clone)]
pub struct Vm {
    /// The kernel.
    pub kernel: Kernel,
    /// The machine.
    pub machine: Machine,
    /// The init: `koxide-init` of the package `koxide-guest`, static.
    pub init: PathBuf,
    /// The folder that keeps unpacked kernels and what is known of KVM.
    pub cache: PathBuf,
}

/// What one call of [`Vm::run`] boots with.
struct Setup<'a> {
    vm: &'a Vm,
    accelerator: Accelerator,
    image: PathBuf,
    archive: Archive,
    folder: TempDir,
}

impl Vm {
    /// A machine with the usual processors and memory.
    pub fn new(kernel: Kernel, init: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self {
            kernel,
            machine: Machine::default(),
            init: init.into(),
            cache: cache.into(),
        }
    }

    /// The file that is booted: unpacked, where a kernel can be booted so.
    ///
    /// # Errors
    /// When the image cannot be read.
    pub fn image(&self) -> Result<PathBuf, Error> {
        image::bootable(self.kernel.arch, &self.kernel.image, &self.cache)
    }

    /// Boots, runs the plan, and ends the machine.
    ///
    /// The calling thread must live until this returns: QEMU's life is tied to it.
    ///
    /// # Errors
    /// When the machine could not be built or booted, or on Ctrl-C. What goes wrong inside of it is in the report.
    pub fn run(
        &self,
        plan: &Plan,
        payload: &Payload,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Report, Error> {
        let started = Instant::now();
        let image = self.image()?;
        let accelerator = accel::choose(self, &image)?;
        let mut setup = Setup {
            vm: self,
            accelerator,
            image,
            archive: payload::archive(&self.kernel, &self.init, plan, payload)?,
            folder: temporary_folder()?,
        };
        let mut report = Report {
            acceleration: accelerator.name().to_owned(),
            ..Report::default()
        };
        match plan {
            Plan::Tests {
                programs,
                kernel,
                filter,
                limits,
            } => {
                let limits = limits.times(self.machine.slowness);
                let again =
                    |course: &Tests<'_>| tests_plan(programs, kernel, filter, limits, course);
                setup.tests(kernel, &again, limits, on_event, &mut report)?;
            }
            Plan::Panics { runs, limit, .. } => {
                let longest = runs.iter().map(|run| run.limit).chain([*limit]).max();
                let longest = longest.unwrap_or_default();
                let limits = Limits {
                    // With the module that panics, and again with the one that does not.
                    test: longest * 2,
                    ..Limits::default()
                };
                let slowness = self.machine.slowness;
                let again = |course: &Tests<'_>| panics_plan(plan, slowness, course);
                setup.tests(&[], &again, limits.times(slowness), on_event, &mut report)?;
            }
            Plan::Commands { load, steps, limit } => {
                let limit = limit.map(|limit| limit * self.machine.slowness);
                setup.commands(load, steps, limit, on_event, &mut report)?;
            }
            Plan::Shell(shell) => setup.shell(&shell.load, on_event, &mut report)?,
        }
        report.duration = started.elapsed();
        Ok(report)
    }

    /// Starts QEMU with an init that has nothing to do, to see whether it gets there.
    pub(crate) fn trial(&self, image: &Path, accelerator: Accelerator) -> Result<bool, Error> {
        let mut archive = Archive::new();
        archive.copy(&self.init, "/init", 0o755)?;
        let mut setup = Setup {
            vm: self,
            accelerator,
            image: image.to_owned(),
            archive,
            folder: temporary_folder()?,
        };
        let mut report = Report::default();
        let mut ignore = |_: Event<'_>| {};
        let mut course = Commands::new(&[], None, &mut ignore, &mut report, None);
        let plan = commands_plan(&[], &[], None);
        let qemu = setup.boot(&plan)?;
        let end = boot::follow(qemu, &self.kernel.release, accel::TRIAL, &mut course);
        match end {
            Ok(End::Done) => Ok(true),
            Err(error) if error.interrupted() => Err(error),
            Ok(_) | Err(_) => Ok(false),
        }
    }
}

impl Setup<'_> {
    /// Writes the plan and the initramfs, and starts QEMU.
    fn boot(&mut self, plan: &protocol::Plan) -> Result<Qemu, Error> {
        let text = plan.to_text().into_bytes();
        self.archive.add(protocol::paths::PLAN, 0o644, text)?;
        let initramfs = self.folder.path().join("initramfs.cpio");
        self.archive.write(&initramfs)?;
        let vm = self.vm;
        Qemu::start(
            &vm.machine,
            vm.kernel.arch,
            self.accelerator,
            &self.image,
            &initramfs,
        )
    }

    fn follow(
        &self,
        qemu: Qemu,
        limit: Duration,
        course: &mut dyn boot::Course,
    ) -> Result<End, Error> {
        boot::follow(qemu, &self.vm.kernel.release, limit, course)
    }

    fn boot_limit(&self) -> Duration {
        Limits::default().times(self.vm.machine.slowness).boot
    }

    fn commands(
        &mut self,
        load: &[Load],
        steps: &[Step],
        limit: Option<Duration>,
        on_event: &mut dyn FnMut(Event<'_>),
        report: &mut Report,
    ) -> Result<(), Error> {
        on_event(self.booting(1));
        let qemu = self.boot(&commands_plan(load, steps, limit))?;
        let mut course = Commands::new(steps, limit, on_event, report, None);
        let end = self.follow(qemu, self.boot_limit(), &mut course)?;
        note_crash(end, on_event, report);
        Ok(())
    }

    fn shell(
        &mut self,
        load: &[Load],
        on_event: &mut dyn FnMut(Event<'_>),
        report: &mut Report,
    ) -> Result<(), Error> {
        on_event(self.booting(1));
        let (rows, columns) = terminal::size();
        let qemu = self.boot(&protocol::Plan {
            load: load.to_vec(),
            task: protocol::Task::Shell {
                terminal: terminal::at_terminal(),
                rows,
                columns,
                term: std::env::var("TERM").unwrap_or_else(|_| "vt100".to_owned()),
            },
        })?;
        let input = Input::start(qemu.input()?).map_err(Error::Channel)?;
        let mut course = Commands::new(&[], None, on_event, report, Some(&input));
        let end = self.follow(qemu, self.boot_limit(), &mut course);
        // The terminal is the user's again before anything is said about the end.
        drop(input);
        note_crash(end?, on_event, report);
        Ok(())
    }

    /// Boots for tests until all have a result; `plan` says what is left of them.
    fn tests(
        &mut self,
        suites: &[KernelSuite],
        plan: &dyn Fn(&Tests<'_>) -> protocol::Plan,
        limits: Limits,
        on_event: &mut dyn FnMut(Event<'_>),
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut course = Tests::new(limits, on_event, report);
        let mut attempt = 1;
        loop {
            let before = course.count();
            course.booting(self.accelerator.name(), attempt);
            let qemu = self.boot(&plan(&course))?;
            let end = self.follow(qemu, limits.boot, &mut course)?;
            let why = match end {
                // On a debug kernel that complained, the init leaves the rest to a kernel that did not.
                End::Done => {
                    course.flush();
                    "the machine ended before it ran".to_owned()
                }
                End::Crashed(crash) => {
                    let why = crash.summary.clone();
                    course.crashed(crash);
                    why
                }
            };
            let left = suites.iter().filter(|s| !course.suite_done(&s.suite));
            let left: Vec<String> = left.map(|suite| suite.suite.clone()).collect();
            if course.left().is_empty() && left.is_empty() {
                return Ok(());
            }
            if course.count() == before {
                // Booting once more would end the same way.
                course.give_up(&why);
                left.iter()
                    .for_each(|suite| course.give_up_suite(suite, &why));
                return Ok(());
            }
            attempt += 1;
        }
    }

    fn booting(&self, attempt: u32) -> Event<'static> {
        Event::Booting {
            acceleration: self.accelerator.name(),
            attempt,
        }
    }
}

/// The folder that the initramfs is in while QEMU runs.
fn temporary_folder() -> Result<TempDir, Error> {
    let parent = std::env::temp_dir();
    TempDir::with_prefix_in("koxide-", &parent).map_err(Error::file("create a folder in", parent))
}

fn note_crash(end: End, on_event: &mut dyn FnMut(Event<'_>), report: &mut Report) {
    if let End::Crashed(crash) = end {
        on_event(Event::Crashed(&crash));
        report.crash = Some(crash);
    }
}

fn commands_plan(load: &[Load], steps: &[Step], limit: Option<Duration>) -> protocol::Plan {
    let steps = steps.iter().map(|step| protocol::Step {
        argv: step.argv.clone(),
        keep_going: step.keep_going,
    });
    protocol::Plan {
        load: load.to_vec(),
        task: protocol::Task::Commands {
            steps: steps.collect(),
            limit,
        },
    }
}

/// Programs of tests, as the init reads of them.
fn in_guest(programs: &[Program]) -> Vec<protocol::Program> {
    let program = |(index, program): (usize, &Program)| protocol::Program {
        suite: program.suite.clone(),
        path: payload::test_path(index),
        twins: program.twins,
    };
    programs.iter().enumerate().map(program).collect()
}

/// What is left of the tests, as the init reads it.
fn tests_plan(
    programs: &[Program],
    suites: &[KernelSuite],
    filter: &[String],
    limits: Limits,
    course: &Tests<'_>,
) -> protocol::Plan {
    let suites = suites
        .iter()
        .filter(|suite| !course.suite_done(&suite.suite))
        .map(|suite| {
            let resumed = course.resume.iter().find(|(name, _)| *name == suite.suite);
            let first = resumed
                .map(|(_, next)| format!(" kunit_first={next}"))
                .unwrap_or_default();
            protocol::KernelSuite {
                suite: suite.suite.clone(),
                module: payload::module_name(&suite.module),
                params: format!("{}{first}", suite.params).trim().to_owned(),
            }
        });
    protocol::Plan {
        load: Vec::new(),
        task: protocol::Task::Tests {
            programs: in_guest(programs),
            kernel: suites.collect(),
            filter: filter.to_vec(),
            done: course.done(),
            limit: limits.test,
        },
    }
}

/// What is left of the runs, as the init reads it.
fn panics_plan(plan: &Plan, slowness: u32, course: &Tests<'_>) -> protocol::Plan {
    let Plan::Panics {
        programs,
        module,
        file,
        sites,
        sought,
        runs,
        limit,
    } = plan
    else {
        unreachable!("it is called for no other plan");
    };
    let runs = runs.iter().map(|run| protocol::Run {
        limit: run.limit * slowness,
        ..run.clone()
    });
    protocol::Plan {
        load: Vec::new(),
        task: protocol::Task::Panics(protocol::Panics {
            module: module.clone(),
            file: file.clone(),
            programs: in_guest(programs),
            sites: sites.clone(),
            sought: sought.clone(),
            runs: runs.collect(),
            done: course.done(),
            limit: *limit * slowness,
        }),
    }
}
