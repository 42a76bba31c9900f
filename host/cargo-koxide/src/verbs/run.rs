// SPDX-License-Identifier: MIT OR Apache-2.0

//! `run`: a driver loaded in a virtual machine, with a command or a shell beside it; `gdb.rs`: with a debugger; `host.rs`: on this machine.

mod gdb;
mod host;

use koxide_vm::{Crash, Event, Load, Payload, Plan, Report, Shell, Step, Stream};

use crate::cli::Run;
use crate::exit::{Exit, because};
use crate::machine::explained_vm;
use crate::trace::Trace;
use crate::ui::Ui;
use crate::workshop::Workshop;

/// Boots, loads the driver, runs the command; its exit status is 0 when the command's was.
pub(crate) fn run(options: &Run, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    if options.host {
        return host::run(options, offline, ui);
    }
    let port = options.gdb.map(gdb::free).transpose()?;
    let workshop = Workshop::of(&options.source, offline, ui)?.with_profile(&options.profile);
    let driver = workshop.driver(&options.selection)?;
    let kernel = workshop.one_to_boot(&options.selection)?;
    let module = match options.c {
        true => workshop.named_twin(&driver, &kernel)?,
        false => workshop.module_for(&driver, &kernel)?,
    };
    let mut vm = workshop.vm(&kernel)?;
    if let Some(port) = port {
        gdb::prepare(port, &module, &kernel, &mut vm, &workshop, ui)?;
    }
    let trace = Trace::of([&module]);

    let load = vec![Load {
        module: module.name.clone(),
        params: options.params.join(" "),
    }];
    let payload = Payload {
        modules: vec![module.path],
        ..Payload::default()
    };
    let plan = if options.command.is_empty() {
        ui.note(format!(
            "a shell on {} follows; {} leaves it",
            kernel.release,
            koxide_vm::ESCAPE
        ));
        Plan::Shell(Shell { load })
    } else {
        Plan::Commands {
            load,
            steps: vec![Step::new(&options.command)],
            limit: None,
        }
    };
    ui.status("Booting", &kernel.release);
    let report = explained_vm(vm.run(&plan, &payload, &mut |event| show(&event, &trace, ui)))?;
    judge(&report, &trace, ui)
}

/// Shows what happens in the virtual machine, as it happens.
pub(crate) fn show(event: &Event<'_>, trace: &Trace, ui: &Ui) {
    match event {
        Event::Ready { after } => ui.status("Booted", format!("in {:.1} s", after.as_secs_f64())),
        Event::Log(line) if !ui.is_quiet() => ui.log(&trace.explain(line)),
        Event::Output {
            stream: Stream::Stdout,
            bytes,
        } => ui.raw(bytes),
        Event::Output {
            stream: Stream::Stderr,
            bytes,
        } => ui.raw_error(bytes),
        _ => {}
    }
}

/// Turns what happened to the exit status.
pub(crate) fn judge(report: &Report, trace: &Trace, ui: &Ui) -> anyhow::Result<()> {
    judge_machine(report, trace, ui)?;
    match report.steps.iter().find(|step| !step.exit.success()) {
        Some(step) => Err(because(
            Exit::Failed,
            format!(
                "in the guest, `{}` ended with {}",
                step.argv.join(" "),
                step.exit
            ),
        )
        .into()),
        None => Ok(()),
    }
}

/// The same, whatever became of the commands.
pub(crate) fn judge_machine(report: &Report, trace: &Trace, ui: &Ui) -> anyhow::Result<()> {
    if let Some(crash) = &report.crash {
        return Err(crashed(crash, trace, ui));
    }
    match &report.load_failure {
        Some(failure) => Err(because(Exit::Failed, failure.to_string()).into()),
        None => Ok(()),
    }
}

/// The error for a kernel that crashed; the end of its log is shown first when it was not shown before.
pub(crate) fn crashed(crash: &Crash, trace: &Trace, ui: &Ui) -> anyhow::Error {
    if ui.is_quiet() {
        ui.log(&trace.explain_all(&crash.tail));
    }
    because(Exit::Crashed, format!("the kernel crashed: {crash}")).into()
}
