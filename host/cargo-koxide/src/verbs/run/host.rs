// SPDX-License-Identifier: MIT OR Apache-2.0

//! `run --host`: a driver loaded into the kernel of this machine, for as long as a command runs.

use std::io::IsTerminal as _;
use std::os::fd::AsFd as _;

use console::style;
use koxide_build::{Kernel, KernelName, Module};
use koxide_host::Machine;
use koxide_process::{Command, interrupt};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::cli::Run;
use crate::exit::{Exit, because};
use crate::machine::{explained_host, explained_process};
use crate::ui::Ui;
use crate::workshop::Workshop;

/// How often the wait for an answer looks at Ctrl-C, in milliseconds.
const POLL: u16 = 50;

/// Loads, runs the command or a shell, unloads.
pub(super) fn run(options: &Run, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    refuse(options)?;
    let workshop = Workshop::of(&options.source, offline, ui)?.with_profile(&options.profile);
    let driver = workshop.driver(&options.selection)?;
    let kernel = workshop.kernel(&KernelName::Running)?;
    let module = match options.c {
        true => workshop.named_twin(&driver, &kernel)?,
        false => workshop.module_for(&driver, &kernel)?,
    };
    if !options.yes {
        ask(&module, &kernel)?;
    }
    let name = module.name.clone();
    let loaded = koxide_host::load(&koxide_host::Module {
        name: module.name,
        path: module.path,
        params: options.params.clone(),
    });
    let loaded = explained_host(loaded)?;
    ui.status("Loaded", format!("{name} on this machine"));
    let ended = command(options, ui);
    let unloaded = loaded.unload();
    if unloaded.is_ok() {
        ui.status("Unloaded", &name);
    }
    // That it is still there is more than how the command ended.
    explained_host(unloaded)?;
    ended
}

/// What can be known before anything is built.
fn refuse(options: &Run) -> anyhow::Result<()> {
    let refusals = Machine::default().refusals();
    if !refusals.is_empty() {
        let mut text = "no module can be loaded on this machine:".to_owned();
        for refusal in refusals {
            text += &format!("\n  {refusal}");
        }
        text += "\nWithout --host the driver runs in a virtual machine.";
        return Err(because(Exit::Missing, text).into());
    }
    if !options.yes && !std::io::stdin().is_terminal() {
        return Err(because(
            Exit::Usage,
            "--host asks before it loads a module into this machine's kernel, and there is no terminal to answer at: \
             add --yes if you mean it",
        )
        .into());
    }
    Ok(())
}

/// Asks whether the user means this machine.
fn ask(module: &Module, kernel: &Kernel) -> anyhow::Result<()> {
    eprint!(
        "{} into the kernel of this machine, {}? A fault in a driver can stop the machine, and lose what was not saved. \
         [y/N] ",
        style(format!("Load {}", module.name)).for_stderr().bold(),
        kernel.release
    );
    let answer = answer()?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(because(Exit::Failed, "nothing was loaded").into())
}

/// A line from the terminal; Ctrl-C while it is waited for is an answer, too.
fn answer() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    loop {
        interrupt::check()?;
        let mut ready = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        // A signal ends the wait with an error; the check above says which.
        if poll(&mut ready, PollTimeout::from(POLL)).is_ok_and(|count| count > 0) {
            break;
        }
    }
    let mut line = String::new();
    stdin.read_line(&mut line)?;
    Ok(line)
}

/// Runs the user's command at the terminal; without one, the user's shell.
fn command(options: &Run, ui: &Ui) -> anyhow::Result<()> {
    let mut command = match options.command.split_first() {
        Some((program, rest)) => {
            let mut command = Command::new(program);
            command.args(rest);
            command
        }
        None => {
            ui.note("a shell on this machine follows; its end unloads the driver");
            Command::new(std::env::var_os("SHELL").unwrap_or_else(|| "sh".into()))
        }
    };
    match command.run_in_terminal() {
        // How the user's last command in the shell ended says nothing of the driver.
        Err(koxide_process::Error::Failed { .. }) if options.command.is_empty() => Ok(()),
        ended => explained_process(ended),
    }
}
