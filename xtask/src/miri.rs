// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tests that need no kernel, under Miri: it sees what is undefined behaviour, and threads that race.

use std::path::Path;

use anyhow::Context as _;
use koxide_process::Command;

/// Packages whose tests run: the library, and drivers with tests on the fake kernel.
const PACKAGES: [&str; 8] = [
    LIBRARY,
    "echo_chardev",
    "hello_world",
    "random_chardev",
    "rust_misc_device",
    "scull",
    "sync_example",
    "yes_chardev",
];

/// The library, whose races are run more than once.
const LIBRARY: &str = "koxide";

/// A part of the names of tests in which threads race.
const RACES: &str = "race";

/// How many orders of its threads each race is tried in.
const SEEDS: u32 = 8;

/// What of a nightly toolchain is needed.
const COMPONENTS: [&str; 2] = ["miri", "rust-src"];

/// What Miri is told: a `&File` of the library points at a struct whose size only the kernel knows, and stands for all of
/// it, which the older rules of borrowing do not know.
const FLAGS: &str = "-Zmiri-tree-borrows";

/// Whether the machine has Miri.
pub fn is_installed() -> bool {
    let mut rustup = Command::new("rustup");
    rustup.args(["component", "list", "--installed", "--toolchain", "nightly"]);
    let Ok(output) = rustup.output() else {
        return false;
    };
    let installed = String::from_utf8_lossy(&output.stdout);
    COMPONENTS
        .iter()
        .all(|component| installed.lines().any(|line| line.starts_with(component)))
}

/// Installs Miri, with a nightly toolchain beside the repository's own.
///
/// # Errors
/// That rustup cannot.
pub fn install() -> anyhow::Result<()> {
    let mut rustup = Command::new("rustup");
    rustup.args(["toolchain", "install", "nightly", "--profile", "minimal"]);
    rustup.args(COMPONENTS.map(|component| format!("--component={component}")));
    rustup
        .run()
        .context("Miri cannot be had: it comes with a nightly toolchain, which rustup installs")
}

/// Runs the tests of some packages, or of all that can run there, under Miri.
///
/// # Errors
/// That a test failed.
pub fn run(root: &Path, packages: &[String], filter: Option<&str>) -> anyhow::Result<()> {
    let mut names: Vec<&str> = packages.iter().map(String::as_str).collect();
    if names.is_empty() {
        names.extend(PACKAGES);
    }
    let all = filter.is_none() && names.contains(&LIBRARY);
    test(root, &names, filter, FLAGS)?;
    if all {
        let seeds = format!("{FLAGS} -Zmiri-many-seeds=0..{SEEDS}");
        test(root, &[LIBRARY], Some(RACES), &seeds)?;
    }
    Ok(())
}

/// Runs tests with some flags of Miri.
fn test(root: &Path, packages: &[&str], filter: Option<&str>, flags: &str) -> anyhow::Result<()> {
    let mut cargo = Command::new("rustup");
    cargo
        .args([
            "run", "nightly", "cargo", "miri", "test", "--quiet", "--lib",
        ])
        .args(packages.iter().map(|name| format!("--package={name}")))
        .args(filter)
        .env("MIRIFLAGS", flags)
        // Miri would take long to look where a panic that a test expects came from.
        .env_remove("RUST_BACKTRACE")
        .current_dir(root);
    cargo.run().context("a test fails under Miri; see above")
}
