// SPDX-License-Identifier: MIT OR Apache-2.0

//! The tests that run on this machine: each in a process of its own, so that one that crashes or hangs takes no other
//! along, and each with its time.

mod documentation;
mod environment;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use koxide_build::Kernel;
use koxide_process::{Command, Error as ProcessError, Source};
use serde::Deserialize;

use crate::cli::Test;
use crate::exit::{Exit, because};
use crate::results::{Case, Results, Verdict};
use crate::ui::Ui;
use crate::workshop::Workshop;
use environment::{Environment, Environments};

/// How long a test of this machine may take.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// A program of tests that cargo built.
#[derive(Debug)]
struct Program {
    suite: String,
    path: PathBuf,
    folder: PathBuf,
}

/// A test of a program.
#[derive(Debug)]
struct One<'p> {
    program: &'p Program,
    name: String,
}

/// Builds and runs the tests of the packages that the command line means.
pub(crate) fn run(
    workshop: &Workshop<'_>,
    options: &Test,
    kernels: &[Kernel],
    offline: bool,
    results: &mut Results<'_>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let mut common = match options.selection.package.as_slice() {
        [] => vec!["--workspace".to_owned()],
        names => each("package", names),
    };
    if offline {
        common.push("--offline".to_owned());
    }
    let root = workshop.project.root();
    ui.status("Compiling", "the tests of this machine");
    let programs = programs(root, &common)?;
    let drivers: Vec<&Path> = workshop
        .project
        .drivers()
        .iter()
        .map(|driver| driver.dir.as_path())
        .collect();
    let tests = list(&programs, &drivers, options.filter.as_deref())?;
    let environments = Environments::of(workshop, kernels)?;
    run_all(tests, &environments, results)?;
    let silent = workshop.project.without_examples();
    match options.selection.package.as_slice() {
        [] => common.extend(each("exclude", silent)),
        names if names.iter().all(|name| silent.contains(name)) => return Ok(()),
        _ => common.retain(|option| !each("package", silent).contains(option)),
    }
    documentation::run(root, &common, options.filter.as_deref(), results)
}

/// An option of cargo's for each of the packages.
fn each(option: &str, packages: &[String]) -> Vec<String> {
    let options = packages.iter();
    options.map(|name| format!("--{option}={name}")).collect()
}

fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    command
}

/// What cargo says of a program that it built; other messages have other fields.
#[derive(Debug, Deserialize)]
struct Message {
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

/// How a program was built: those that a test runs are built beside it.
#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

/// The target that a program was built from.
#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds the programs of tests.
fn programs(root: &Path, common: &[String]) -> anyhow::Result<Vec<Program>> {
    let mut built = Vec::new();
    let mut command = cargo(root);
    command.args([
        "test",
        "--no-run",
        "--lib",
        "--bins",
        "--tests",
        "--message-format=json-render-diagnostics",
    ]);
    command.args(common);
    command
        .lines(|source, line| match source {
            Source::Stdout => built.extend(serde_json::from_str(line).ok().and_then(program)),
            // A compiler's words are for the user as they are.
            Source::Stderr => eprintln!("{line}"),
        })
        .map_err(|error| match error {
            ProcessError::Failed { .. } => {
                because(Exit::Failed, "the tests do not compile; see above").into()
            }
            other => anyhow::Error::from(other),
        })?;
    Ok(built)
}

fn program(message: Message) -> Option<Program> {
    let (target, path) = (message.target?, message.executable?);
    if !message.profile?.test {
        return None;
    }
    let folder = message.manifest_path?.parent()?.to_owned();
    let package = folder.file_name()?.to_string_lossy().into_owned();
    let is_test = target.kind.iter().any(|kind| kind == "test");
    let suite = if is_test {
        format!("{package}::{}", target.name)
    } else {
        package
    };
    Some(Program {
        suite,
        path,
        folder,
    })
}

/// Asks each program for its tests.
fn list<'p>(
    programs: &'p [Program],
    drivers: &[&Path],
    filter: Option<&str>,
) -> anyhow::Result<Vec<One<'p>>> {
    let mut tests = Vec::new();
    for program in programs {
        let names = |ignored: bool| -> anyhow::Result<Vec<String>> {
            let mut command = Command::new(&program.path);
            command
                .args(["--list", "--format=terse"])
                .current_dir(&program.folder);
            if ignored {
                command.arg("--ignored");
            }
            let output = command
                .output()
                .with_context(|| format!("cannot list the tests of {}", program.suite))?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok(text
                .lines()
                .filter_map(|line| line.strip_suffix(": test"))
                .map(str::to_owned)
                .collect())
        };
        let ignored = names(true)?;
        let wanted = names(false)?.into_iter().filter(|name| {
            let full = format!("{}::{name}", program.suite);
            filter.is_none_or(|filter| full.contains(filter))
        });
        // Ignored tests of a driver are those that the virtual machine runs; any other says why it is ignored.
        let is_driver = drivers.contains(&program.folder.as_path());
        tests.extend(
            wanted
                .filter(|name| !(is_driver && ignored.contains(name)))
                .map(|name| One { program, name }),
        );
    }
    Ok(tests)
}

/// Runs the tests, as many at once as there are processors.
fn run_all(
    tests: Vec<One<'_>>,
    environments: &Environments,
    results: &mut Results<'_>,
) -> anyhow::Result<()> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let queue = Mutex::new(tests.into_iter());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(test) = next else { return };
                    if sender.send(run_one(&test, environments)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        receiver.iter().for_each(|case| results.add(case));
    });
    koxide_process::interrupt::check()?;
    Ok(())
}

/// Runs a test. One that is ignored because it boots a kernel is given one.
fn run_one(test: &One<'_>, environments: &Environments) -> Case {
    let start = Instant::now();
    let (mut verdict, mut output) = call(test, &[], None);
    if let Verdict::Skipped(why) = &verdict
        && let Some(variables) = environments.for_reason(why)
    {
        (verdict, output) = call(test, &["--include-ignored"], Some(variables));
    }
    Case {
        place: "host".to_owned(),
        suite: test.program.suite.clone(),
        name: test.name.clone(),
        verdict,
        duration: Some(start.elapsed()),
        output,
        object: None,
    }
}

fn call(test: &One<'_>, words: &[&str], environment: Option<&Environment>) -> (Verdict, String) {
    let mut command = Command::new(&test.program.path);
    command
        .args(["--exact", &test.name, "--nocapture"])
        .args(words)
        .current_dir(&test.program.folder)
        .limit(LIMIT);
    for (name, value) in environment.into_iter().flatten() {
        command.env(name, value);
    }
    match command.output_unchecked() {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).into_owned();
            (verdict(output.status.success(), &test.name, &text), text)
        }
        Err(error) => (Verdict::Failed(error.to_string()), String::new()),
    }
}

fn verdict(success: bool, name: &str, output: &str) -> Verdict {
    let ignored = format!("test {name} ... ignored");
    match output.lines().find_map(|line| line.strip_prefix(&ignored)) {
        _ if !success => Verdict::Failed("it failed".to_owned()),
        Some(why) => Verdict::Skipped(why.trim_start_matches(", ").to_owned()),
        None => Verdict::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_test_says_why() {
        let output = "running 1 test\ntest a::b ... ignored, needs a printer\n";
        assert_eq!(
            verdict(true, "a::b", output),
            Verdict::Skipped("needs a printer".to_owned())
        );
        assert_eq!(verdict(true, "a::c", output), Verdict::Passed);
        assert_eq!(
            verdict(false, "a::c", output),
            Verdict::Failed("it failed".to_owned())
        );
    }
}
