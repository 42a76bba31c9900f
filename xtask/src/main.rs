// SPDX-License-Identifier: MIT OR Apache-2.0

//! Chores of this repository: `cargo xtask --help`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

mod bench;
mod fresh;

/// Chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Check rules, format, lints and documentation; `cargo koxide test` does so, too.
    Check,
    /// Run the README's first commands as a new user in a bare root of each distribution. Needs root and mmdebstrap.
    Fresh(fresh::Options),
    /// Run the tests that need no kernel under Miri, which is installed with a nightly toolchain if it is not there.
    Miri {
        /// Only the tests of this package.
        #[arg(short, long)]
        package: Vec<String>,
        /// Only tests whose name contains this.
        filter: Option<String>,
    },
    /// Measure how long the command's verbs take, and print the README's table.
    Bench(bench::Options),
}

fn miri(packages: &[String], filter: Option<&str>) -> anyhow::Result<()> {
    if !xtask::miri::is_installed() {
        println!("Miri is not there: rustup installs it, with a nightly toolchain");
        xtask::miri::install()?;
    }
    xtask::miri::run(&xtask::root(), packages, filter)
}

fn main() -> ExitCode {
    let done = koxide_process::interrupt::install()
        .map_err(anyhow::Error::from)
        .and_then(|()| match Chore::parse() {
            Chore::Check => xtask::check(),
            Chore::Fresh(options) => fresh::run(&options),
            Chore::Miri { package, filter } => miri(&package, filter.as_deref()),
            Chore::Bench(options) => bench::run(&options),
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
