// SPDX-License-Identifier: MIT OR Apache-2.0

//! `demo`: drivers written in Rust, at work on a distribution's own kernel; `panic.rs`: one with a mistake.

mod panic;

use std::time::{Duration, Instant};

use console::style;
use indicatif::HumanBytes;
use koxide_build::{Kernel, Module, kernels};
use koxide_process::Command;
use koxide_vm::{Event, Load, Payload, Plan, Report, Step};

use crate::cli::{Demo, Shown};
use crate::exit::{Exit, because};
use crate::machine::{Steps, explained, explained_vm};
use crate::needs::{Manager, Need, Remedy, explain};
use crate::trace::Trace;
use crate::ui::Ui;
use crate::verbs::run::judge;
use crate::workshop::Workshop;

/// The drivers that are shown, in the order in which they are loaded.
const DRIVERS: [&str; 3] = ["hello_world", "yes_chardev", "rust_misc_device"];

/// What is typed in the virtual machine, one line after the other.
const STEPS: [&str; 6] = [
    "cat /proc/version",
    "lsmod",
    "cat /dev/yes | head -n 3",
    "echo hello from user space > /dev/rust-misc-device",
    // Type `|`, number 0x80: the driver says hello with 100.
    "ioctl /dev/rust-misc-device 0x7c80",
    "rmmod hello_world",
];

/// The longest that the virtual machine may take for all of it.
const LIMIT: Duration = Duration::from_secs(120);

/// Sets up what is missing, builds, boots, shows.
pub(crate) fn run(options: &Demo, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let start = Instant::now();
    prepare(offline, ui)?;
    let kernel = options.kernel.as_deref();
    match options.what {
        None => drivers(kernel, offline, ui)?,
        Some(Shown::Panic) => panic::run(kernel, offline, ui)?,
    }
    ui.status(
        "Finished",
        format!("in {:.0} s", start.elapsed().as_secs_f64()),
    );
    match options.what {
        None => say_what_next(ui),
        Some(Shown::Panic) => panic::say_what_it_is_elsewhere(ui),
    }
    Ok(())
}

/// Shows drivers of the checkout.
fn drivers(kernel: Option<&str>, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::open(offline, ui)?;
    let kernel = chosen(&workshop, kernel, offline, ui)?;
    let mut modules = Vec::new();
    for package in DRIVERS {
        let driver = workshop
            .project
            .driver(Some(package))
            .map_err(|_| not_here(package))?;
        modules.push(workshop.module_for(driver, &kernel)?);
    }
    let trace = Trace::of(&modules);
    let steps = STEPS.iter().map(|line| typed(line)).collect();
    let report = boot(&workshop, &kernel, &modules, steps, &trace, &|_| {}, ui)?;
    judge(&report, &trace, ui)
}

/// The kernel to boot: the one named, else the first of the matrix.
fn chosen(
    workshop: &Workshop<'_>,
    kernel: Option<&str>,
    offline: bool,
    ui: &Ui,
) -> anyhow::Result<Kernel> {
    let name = match kernel {
        Some(word) => workshop.matrix.name(word)?,
        None => workshop.matrix.first(None)?,
    };
    announce(workshop, &name, offline, ui)?;
    workshop.kernel_to_boot(&name, None)
}

/// A line as it is typed in the virtual machine.
fn typed(line: &str) -> Step {
    Step::new(["sh", "-c", line])
}

/// Boots with the modules loaded, and types each line; `say` has its word before that.
fn boot(
    workshop: &Workshop<'_>,
    kernel: &Kernel,
    modules: &[Module],
    steps: Vec<Step>,
    trace: &Trace,
    say: &dyn Fn(usize),
    ui: &Ui,
) -> anyhow::Result<Report> {
    let vm = workshop.vm(kernel)?;
    let load = modules.iter().map(|module| Load::new(&module.name, ""));
    let plan = Plan::Commands {
        load: load.collect(),
        steps,
        limit: Some(LIMIT),
    };
    let payload = Payload {
        modules: modules.iter().map(|module| module.path.clone()).collect(),
        busybox: true,
        ..Payload::default()
    };
    ui.status(
        "Booting",
        format!(
            "{}, an unmodified kernel of the distribution, in QEMU",
            kernel.release
        ),
    );
    let mut booted = false;
    explained_vm(vm.run(&plan, &payload, &mut |event| {
        if let Event::StepStarted { index, .. } = &event {
            say(*index);
        }
        show(&event, &mut booted, trace, ui);
    }))
}

/// Has rustup bring what it can; what needs root is the user's to install.
fn prepare(offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let missing: Vec<Need> = Need::all()
        .into_iter()
        .filter(|need| need.found().is_none())
        .collect();
    let (by_rustup, others): (Vec<Need>, Vec<Need>) = missing
        .into_iter()
        .partition(|need| need.rustup().is_some());
    if !others.is_empty() {
        return Err(because(Exit::Missing, explain(&others)).into());
    }
    if offline && !by_rustup.is_empty() {
        return Err(because(Exit::Missing, explain(&by_rustup)).into());
    }
    for words in Remedy::new(&by_rustup, Manager::of_this_machine()).rustup {
        ui.status("Running", words.join(" "));
        Command::new(&words[0]).args(&words[1..]).run()?;
    }
    Ok(())
}

/// Says what will be fetched, how large it is, and how long all of it takes.
fn announce(
    workshop: &Workshop<'_>,
    name: &koxide_build::KernelName,
    offline: bool,
    ui: &Ui,
) -> anyhow::Result<()> {
    let steps = Steps::new(ui);
    let mut options = kernels::Options::new(&steps);
    options.offline = offline;
    let plan = kernels::plan(workshop.cache(), name, &options);
    ui.finish();
    let plan = explained(plan)?;
    if plan.fetched {
        ui.status(
            "Kernel",
            format!("{} ({name}), fetched before", plan.release),
        );
    } else {
        let size = format!(
            "{} to download, {} unpacked",
            HumanBytes(plan.download),
            HumanBytes(plan.unpacked)
        );
        ui.status(
            "Kernel",
            format!(
                "{} ({name}): {size}, in {}",
                plan.release,
                workshop.cache().root().display()
            ),
        );
        ui.note("the first time takes two to six minutes beside the download; after that, seconds");
    }
    Ok(())
}

fn not_here(package: &str) -> anyhow::Error {
    let message = format!(
        "there is no driver `{package}` here: the demo shows the drivers of a Koxide checkout, so run it in one"
    );
    because(Exit::Usage, message).into()
}

/// Shows what the guest wrote: every line of it came over one of its serial ports.
fn show(event: &Event<'_>, booted: &mut bool, trace: &Trace, ui: &Ui) {
    match event {
        Event::Ready { after } => {
            *booted = true;
            ui.status("Booted", format!("in {:.1} s", after.as_secs_f64()));
        }
        // What the kernel says while it boots is not about the drivers.
        Event::Log(line) if *booted || ui.is_verbose() => ui.log(&trace.explain(line)),
        Event::StepStarted { argv, .. } => {
            let line = argv.last().map_or("", String::as_str);
            ui.result(format!(
                "{} {}",
                style("guest #").cyan().bold(),
                style(line).bold()
            ));
        }
        Event::Output { bytes, .. } => ui.raw(bytes),
        _ => {}
    }
}

fn say_what_next(ui: &Ui) {
    ui.result("\nTry next:");
    for (command, what) in [
        (
            "cargo koxide run -p rust_misc_device",
            "a shell beside a driver",
        ),
        (
            "cargo koxide test",
            "all tests, on every kernel of kernels.toml",
        ),
        (
            "cargo koxide new my_driver --class misc",
            "a driver of your own",
        ),
        (
            "cargo koxide kernel add running",
            "build for the kernel of this machine",
        ),
    ] {
        ui.result(format!("  {command:42} {what}"));
    }
}
