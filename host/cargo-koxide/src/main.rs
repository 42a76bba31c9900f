// SPDX-License-Identifier: MIT OR Apache-2.0

//! `cargo koxide`: builds, runs and tests Linux drivers in Rust for the kernel people already have.
#![forbid(unsafe_code)]

mod bench;
#[cfg(test)]
mod book;
mod cli;
mod exit;
mod host_tests;
mod kernels;
mod library;
mod machine;
mod matrix;
mod needs;
mod output;
#[cfg(test)]
mod page;
mod results;
mod trace;
mod ui;
mod verbs;
mod workshop;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Verb};
use crate::exit::{Exit, because};
use crate::ui::Ui;

fn main() -> ExitCode {
    let cli = Cli::parse_from(arguments());
    let ui = Ui::new(&cli.common);
    match run(&cli, &ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            exit::status_of(&error).into()
        }
    }
}

/// The command line without the name by which cargo calls a subcommand: `cargo-kx kx demo` is `cargo-kx demo`.
fn arguments() -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments
        .get(1)
        .is_some_and(|word| word == "kx" || word == "koxide")
    {
        arguments.remove(1);
    }
    arguments
}

fn run(cli: &Cli, ui: &Ui) -> anyhow::Result<()> {
    koxide_process::interrupt::install()?;
    refuse_sudo(&cli.verb)?;
    let offline = cli.common.offline;
    match &cli.verb {
        Verb::Demo(options) => verbs::demo::run(options, offline, ui),
        Verb::Doctor(options) => verbs::doctor::run(options, ui),
        Verb::New(options) => verbs::new::run(options, ui),
        Verb::Build(options) => verbs::build::run(options, offline, ui),
        Verb::Run(options) => verbs::run::run(options, offline, ui),
        Verb::Test(options) => verbs::test::run(options, offline, ui),
        Verb::Bench(options) => verbs::bench::run(options, offline, ui),
        Verb::Kernel(options) => verbs::kernel::run(options, offline, ui),
        Verb::Audit(options) => verbs::audit::run(options, offline, ui),
        Verb::Install(_) => verbs::install::run(ui),
    }
}

/// Root by way of sudo would leave files in the user's folders that the user cannot change, and has another toolchain.
fn refuse_sudo(verb: &Verb) -> anyhow::Result<()> {
    let by_sudo = nix::unistd::geteuid().is_root() && std::env::var_os("SUDO_UID").is_some();
    if by_sudo && !matches!(verb, Verb::Doctor(_)) {
        return Err(because(
            Exit::Usage,
            "cargo koxide does not run under sudo: the toolchain, the cache and the files that it writes are the user's.\n\
             Type the same without sudo; only `cargo koxide doctor --install` needs root, and asks for it itself.",
        )
        .into());
    }
    Ok(())
}
