// SPDX-License-Identifier: MIT OR Apache-2.0

//! Runs the commands of a plan, one after the other.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use koxide_guest::protocol::{Mark, Step, paths};

use crate::boot;
use crate::pump::{self, Streams};
use crate::report::Report;

/// Runs the commands.
pub(crate) fn run(steps: &[Step], limit: Option<Duration>, report: &Report) -> io::Result<()> {
    boot::answer_when_asked(report)?;
    for (index, step) in steps.iter().enumerate() {
        let Some((program, arguments)) = step.argv.split_first() else {
            continue;
        };
        report.mark(&Mark::Step { index })?;
        let mut command = environment(Command::new(program));
        command.args(arguments).stdin(Stdio::null());
        let ended = pump::run(&mut command, Streams::Split, limit, report)?;
        report.mark(&ended)?;
        if ended == Mark::Stuck {
            boot::wait_for_the_end();
        }
        if ended != Mark::Exit(0) && !step.keep_going {
            break;
        }
    }
    Ok(())
}

/// Gives a program the environment that it expects.
pub(crate) fn environment(mut command: Command) -> Command {
    command
        .env_clear()
        .env("PATH", paths::BIN)
        .env("HOME", "/tmp")
        .env("USER", "root")
        .current_dir("/tmp");
    command
}
