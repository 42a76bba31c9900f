// SPDX-License-Identifier: MIT OR Apache-2.0

//! `bench`: how long a developer waits. The table in the README is this program's output.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use koxide_process::Command;

/// Options of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How often each thing is measured; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Measure the demo from nothing, too: with an empty cache and an empty target folder.
    #[arg(long)]
    demo: bool,
}

/// A driver, and a line of it that is changed.
const DRIVER: &str = "hello_world";

/// Measures, and prints a table in Markdown.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = xtask::root();
    koxide(&root, &["build", "-p", DRIVER])?;
    println!(
        "| what | median of {} | at most |\n|---|---|---|",
        options.runs
    );
    row(
        "boot to init",
        3,
        &median(options.runs, || boot_time(&root))?,
    );
    row(
        "`run -p hello_world`, nothing changed",
        5,
        &median(options.runs, || time(&root, &RUN))?,
    );
    let source = Edited::new(root.join("drivers").join(DRIVER).join("src/lib.rs"))?;
    let after_change = median(options.runs, || {
        source.change()?;
        time(&root, &RUN)
    });
    drop(source);
    row("`run -p hello_world`, one line changed", 12, &after_change?);
    row(
        "one more kernel",
        3,
        &median(options.runs, || one_more_kernel(&root))?,
    );
    if options.demo {
        row(
            "`demo` from nothing, with the downloads",
            360,
            &demo(&root)?,
        );
    }
    Ok(())
}

/// The verb that is measured: load, run nothing, unload.
const RUN: [&str; 5] = ["run", "-p", DRIVER, "--", "true"];

fn row(what: &str, limit: u64, took: &Duration) {
    println!("| {what} | {:.1} s | {limit} s |", took.as_secs_f64());
}

fn median(
    runs: usize,
    mut measure: impl FnMut() -> anyhow::Result<Duration>,
) -> anyhow::Result<Duration> {
    let mut times = (0..runs.max(1))
        .map(|_| measure())
        .collect::<anyhow::Result<Vec<_>>>()?;
    times.sort();
    Ok(times[times.len() / 2])
}

fn time(root: &Path, args: &[&str]) -> anyhow::Result<Duration> {
    let start = Instant::now();
    koxide(root, args)?;
    Ok(start.elapsed())
}

/// Runs the command of this checkout; what it wrote to standard error.
fn koxide(root: &Path, args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("cargo")
        .arg("koxide")
        .args(args)
        .current_dir(root)
        .output()?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The time that the command itself reports.
fn boot_time(root: &Path) -> anyhow::Result<Duration> {
    let said = koxide(root, &RUN)?;
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("Booted in "));
    let seconds: f64 = line
        .and_then(|line| line.split(' ').next())
        .context("no boot time was reported")?
        .parse()?;
    Ok(Duration::from_secs_f64(seconds))
}

/// A build for a second kernel, when the object and the first kernel's module are there and nothing of the second's.
fn one_more_kernel(root: &Path) -> anyhow::Result<Duration> {
    let build = ["build", "-p", DRIVER, "--kernel", "6.1"];
    let both = [&build[..], &["--kernel", "6.12"]].concat();
    koxide(root, &both)?;
    let output = Command::new("cargo")
        .args(["koxide", "-q"])
        .args(&both)
        .current_dir(root)
        .output()?;
    let modules = String::from_utf8(output.stdout)?;
    let second = modules
        .lines()
        .nth(1)
        .and_then(|module| Path::new(module).parent());
    std::fs::remove_dir_all(root.join(second.context("the build names no second module")?))?;
    let one = time(root, &build)?;
    Ok(time(root, &both)?.saturating_sub(one))
}

/// A clone with an empty cache of kernels and nothing built.
fn demo(root: &Path) -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir()?;
    let clone = folder.path().join("koxide");
    Command::new("git")
        .args(["clone", "-q"])
        .arg(root)
        .arg(&clone)
        .output()?;
    let start = Instant::now();
    Command::new("cargo")
        .args(["koxide", "demo"])
        .current_dir(&clone)
        .env("KOXIDE_CACHE", folder.path().join("cache"))
        .output()?;
    Ok(start.elapsed())
}

/// A source file that is changed for a while.
struct Edited {
    path: PathBuf,
    text: String,
}

impl Edited {
    fn new(path: PathBuf) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(&path)?;
        Ok(Self { path, text })
    }

    /// Makes the next change: another message.
    fn change(&self) -> anyhow::Result<()> {
        let now = std::fs::read_to_string(&self.path)?;
        let count = now.matches("// changed").count() + 1;
        // A comment alone would leave the object as it is: a constant that is used changes it.
        let changed = self
            .text
            .replacen("Hello, world", &format!("Hello, world {count}"), 1);
        std::fs::write(&self.path, changed + &"// changed\n".repeat(count))?;
        Ok(())
    }
}

impl Drop for Edited {
    fn drop(&mut self) {
        // The text was read from there, so it can be written there, unless the disk is full: git has it then.
        let _ = std::fs::write(&self.path, &self.text);
    }
}
