// SPDX-License-Identifier: MIT OR Apache-2.0

//! The first process of the test machine: sets it up, does what the plan says, reports, and ends the machine.
//!
//! Under other names the same program is one of the small tools in [`applets`].
#![forbid(unsafe_code)]

mod applets;
mod boot;
mod commands;
mod panics;
mod pump;
mod report;
mod shell;
mod tests;
mod watch;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use koxide_guest::Module;
use koxide_guest::protocol::{Load, Mark, Plan, Task, paths};

use report::Report;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().collect();
    if std::process::id() == 1 {
        return match init() {
            Ok(never) => match never {},
            // The kernel panics when its first process ends, and the host shows that with this message.
            Err(error) => applets::fail("koxide-init", &error.to_string()),
        };
    }
    let name = arguments.first().map(Path::new).and_then(Path::file_name);
    let called_by_name = name.is_some_and(|name| name != "koxide-init" && name != "init");
    if !called_by_name && !arguments.is_empty() {
        arguments.remove(0);
    }
    applets::run(&arguments)
}

fn init() -> io::Result<std::convert::Infallible> {
    boot::mount_all()?;
    let report = Report::open()?;
    report.mark(&Mark::Ready)?;
    boot::settle()?;
    let text = std::fs::read_to_string(paths::PLAN)?;
    let plan = Plan::parse(&text)
        .map_err(|line| io::Error::other(format!("the plan has a line that is no plan: {line}")))?;
    if load_all(&plan.load, &report)? {
        match plan.task {
            Task::Tests {
                programs,
                kernel,
                filter,
                done,
                limit,
            } => {
                let mut tests = tests::Tests::new(&report, filter, done, limit)?;
                tests.run(&programs, &kernel)?;
            }
            Task::Panics(task) => panics::run(&task, &report)?,
            Task::Commands { steps, limit } => commands::run(&steps, limit, &report)?,
            Task::Shell {
                terminal,
                rows,
                columns,
                term,
            } => {
                return if terminal {
                    shell::interactive(&report, rows, columns, &term)
                } else {
                    shell::script(&report)
                };
            }
        }
    }
    report.mark(&Mark::Done)?;
    report.drain()?;
    boot::end_machine()
}

/// Loads the plan's modules; false when one was refused.
fn load_all(load: &[Load], report: &Report) -> io::Result<bool> {
    for Load { module, params } in load {
        match Module::load(module, params) {
            Ok(loaded) => loaded.keep(),
            Err(errno) => {
                report.mark(&Mark::LoadFailed {
                    module: module.clone(),
                    errno: errno.0,
                })?;
                return Ok(false);
            }
        }
        report.mark(&Mark::Loaded {
            module: module.clone(),
        })?;
    }
    Ok(true)
}
