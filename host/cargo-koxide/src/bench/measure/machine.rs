// SPDX-License-Identifier: MIT OR Apache-2.0

//! The virtual machine in which drivers are measured.

use std::path::Path;
use std::time::Duration;

use koxide_build::Kernel;
use koxide_guest::protocol::{Clock, Sample, paths};
use koxide_vm::{Acceleration, Event, GuestFile, Payload, Plan, Step, Stream, Vm};

use super::Subject;
use crate::exit::{Exit, because};
use crate::machine::explained_vm;
use crate::workshop::Workshop;

/// The module whose operations do nothing.
const NULL: &str = "koxide_null";

/// Its source, in the folder of the package `koxide-abi`.
const NULL_SOURCE: &str = "null/koxide_null.c";

/// How long the program of a driver may take. Emulated on a busy machine it is a minute.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// How many times longer everything may take where instructions are counted: a boot takes three times as long.
const COUNTING: u32 = 4;

/// A kernel with all that its boots need.
pub(crate) struct Machine {
    vm: Vm,
    payload: Payload,
    programs: Vec<Program>,
    subjects: usize,
}

/// A program that measures a driver.
struct Program {
    /// The index of the driver.
    subject: usize,
    driver: String,
    /// The path in the machine.
    path: String,
    /// The modules: `rust=NAME`, `c=NAME`.
    modules: [String; 2],
}

/// What came of a boot.
pub(crate) struct Run {
    /// Whether it was on a processor.
    pub(crate) kvm: bool,
    /// What each driver's programs measured.
    pub(crate) samples: Vec<Vec<Sample>>,
}

impl Machine {
    /// Builds what is missing.
    pub(crate) fn new(
        workshop: &Workshop<'_>,
        kernel: &Kernel,
        subjects: &[Subject],
    ) -> anyhow::Result<Self> {
        let source = workshop.project.abi_dir().join(NULL_SOURCE);
        let null = workshop.in_c(&source, "the module that does nothing", kernel)?;
        let mut payload = Payload {
            modules: vec![null.path],
            ..Payload::default()
        };
        let mut programs = Vec::new();
        for (index, subject) in subjects.iter().enumerate() {
            let (rust, c) = (stem(&subject.rust), stem(&subject.c));
            payload.modules.push(subject.rust.clone());
            payload.twins.push(subject.c.clone());
            for program in workshop.bench_programs(&subject.driver, kernel.arch)? {
                let path = format!("/koxide/benches/{index}/{}", program.name);
                payload.files.push(GuestFile {
                    from: program.path,
                    to: path.clone(),
                    mode: 0o755,
                });
                programs.push(Program {
                    subject: index,
                    driver: subject.driver.package.clone(),
                    path,
                    modules: [format!("rust={rust}"), format!("c={}/{c}", paths::TWINS)],
                });
            }
        }
        Ok(Self {
            vm: workshop.vm(kernel)?,
            payload,
            programs,
            subjects: subjects.len(),
        })
    }

    /// Boots, and runs the programs of the drivers that are wanted, by their indices.
    pub(crate) fn run(&self, clock: Clock, wanted: impl Fn(usize) -> bool) -> anyhow::Result<Run> {
        let programs = self.programs.iter();
        let programs: Vec<&Program> = programs.filter(|one| wanted(one.subject)).collect();
        let mut samples: Vec<Vec<Sample>> = (0..self.subjects).map(|_| Vec::new()).collect();
        let mut run = Run {
            kvm: false,
            samples: Vec::new(),
        };
        if !programs.is_empty() {
            let (kvm, said) = self.boot(clock, &programs)?;
            run.kvm = kvm;
            for (program, said) in programs.into_iter().zip(said) {
                let found = said.lines().filter_map(Sample::parse);
                samples[program.subject].extend(found);
            }
        }
        run.samples = samples;
        Ok(run)
    }

    /// Boots; what each program wrote.
    fn boot(&self, clock: Clock, programs: &[&Program]) -> anyhow::Result<(bool, Vec<String>)> {
        let mut vm = self.vm.clone();
        if clock == Clock::Instructions {
            vm.machine.acceleration = Acceleration::Counted;
            vm.machine.slowness *= COUNTING;
        }
        let plan = Plan::Commands {
            load: Vec::new(),
            steps: steps(clock, programs),
            limit: Some(LIMIT),
        };
        let mut said: Vec<[Vec<u8>; 2]> = programs.iter().map(|_| Default::default()).collect();
        let mut running = 0;
        let mut on_event = |event: Event<'_>| match event {
            Event::StepStarted { index, .. } => running = index,
            Event::Output { stream, bytes } => {
                let stream = usize::from(stream == Stream::Stderr);
                said[running][stream].extend_from_slice(bytes);
            }
            _ => {}
        };
        let report = explained_vm(vm.run(&plan, &self.payload, &mut on_event))?;
        if let Some(crash) = &report.crash {
            let (driver, tail) = (&programs[running].driver, crash.tail.join("\n"));
            let message =
                format!("the kernel crashed while {driver} was measured: {crash}\n{tail}");
            return Err(because(Exit::Crashed, message).into());
        }
        if let Some(failed) = report.steps.iter().position(|step| !step.exit.success()) {
            let (driver, exit) = (&programs[failed].driver, &report.steps[failed].exit);
            let words = String::from_utf8_lossy(&said[failed][1]).into_owned();
            let message = format!(
                "{driver} cannot be measured: its program in benches/ ended with {exit}\n{words}"
            );
            return Err(because(Exit::Failed, message.trim_end()).into());
        }
        let texts = said
            .iter()
            .map(|[out, _]| String::from_utf8_lossy(out).into_owned());
        Ok((report.acceleration == "KVM", texts.collect()))
    }
}

/// How the programs are called.
fn steps(clock: Clock, programs: &[&Program]) -> Vec<Step> {
    let null = format!("null={NULL}");
    let steps = programs.iter().map(|program| {
        let mut argv = vec![&*program.path, clock.word()];
        argv.extend(program.modules.iter().map(String::as_str));
        // What is taken off is counted, not timed.
        if clock == Clock::Instructions {
            argv.push(&null);
        }
        Step::new(argv)
    });
    steps.collect()
}

fn stem(module: &Path) -> String {
    let stem = module.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
