// SPDX-License-Identifier: MIT OR Apache-2.0

//! `demo panic`: a driver with a mistake, and what becomes of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use console::style;
use koxide_build::Cache;
use koxide_vm::{Report, Step};

use super::{boot, chosen, typed};
use crate::exit::{Exit, because};
use crate::machine::{contains_panics, explained};
use crate::trace::Trace;
use crate::ui::Ui;
use crate::verbs::run::judge_machine;
use crate::workshop::Workshop;

/// The driver, a file as `--source` takes it.
const DRIVER: &str = include_str!("../../../templates/demo/lamp.rs");

/// What is said, what is typed, and whether it works.
const SHOWN: [(&str, &str, bool); 8] = [
    (
        "The driver is sound so far. A lock is around the colours of both lamps, and a digit is an index into a table of four.",
        "echo 2 > /dev/lamp0; cat /dev/lamp0",
        true,
    ),
    (
        "An oops would be the end of this machine.",
        "cat /proc/sys/kernel/panic_on_oops",
        true,
    ),
    (
        "Nobody looks whether there is a colour 7. The driver panics with the lock held and a buffer allocated.",
        "echo 7 > /dev/lamp0",
        false,
    ),
    (
        "The lamp is poisoned: nobody gets at what may be half done.",
        "cat /dev/lamp0",
        false,
    ),
    (
        "The other one works. It takes the lock, which was released.",
        "echo 1 > /dev/lamp1; cat /dev/lamp1",
        true,
    ),
    (
        "The kernel has counted it. It is tainted by a module from elsewhere (4096 and 8192), not by an oops (128) or a warning (512).",
        "cat /sys/module/lamp/parameters/koxide_panics /proc/sys/kernel/tainted",
        true,
    ),
    (
        "Nothing keeps the module.",
        "rmmod lamp; /bin/insmod lamp",
        true,
    ),
    (
        "Loaded again, all is well.",
        "echo 3 > /dev/lamp0; cat /dev/lamp0",
        true,
    ),
];

/// What others would have made of it.
const ELSEWHERE: &str = "
The same mistake
  in C                  takes what is behind the table for an address, and shows what is there, or is an oops
  in upstream's Rust    is BUG(), an oops: the thread ends with the lock held, whoever wants a lamp waits for ever, the
                        module cannot be unloaded, and with panic_on_oops the machine stops
  here                  is EIO for who wrote the 7
The page book/src/panics.md of Koxide's repository has what is contained, and what is not. Try next:
  cargo koxide new my_driver --class misc";

/// Builds the driver, boots, provokes the panic.
pub(super) fn run(kernel: Option<&str>, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let folder = explained(Cache::from_env())?.library().join("demo");
    let file = driver(&folder)
        .with_context(|| format!("cannot put the driver into {}", folder.display()))?;
    let workshop = Workshop::of_file(&file, &folder.join("target"), offline, ui)?;
    let kernel = chosen(&workshop, kernel, offline, ui)?;
    contains_panics(&kernel)?;
    let driver = explained(workshop.project.driver(None))?;
    let modules = [workshop.module_for(driver, &kernel)?];
    let trace = Trace::of(&modules);
    let steps = SHOWN.iter().map(|(_, line, _)| Step {
        keep_going: true,
        ..typed(line)
    });
    let say = |index: usize| {
        let said = SHOWN.get(index).map_or("", |(said, ..)| said);
        ui.result(style(format!("# {said}")).cyan());
    };
    let report = boot(
        &workshop,
        &kernel,
        &modules,
        steps.collect(),
        &trace,
        &say,
        ui,
    )?;
    judge_machine(&report, &trace, ui)?;
    judge(&report)
}

/// The driver's file, in a folder of the cache: elsewhere there may be no place for it.
fn driver(folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let place = folder.join("lamp.rs");
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(DRIVER.as_bytes())?;
    file.persist(&place)?;
    Ok(place)
}

/// What fails has to, and what works, too.
fn judge(report: &Report) -> anyhow::Result<()> {
    let mut shown = SHOWN.iter().zip(&report.steps);
    let other = shown.find(|((.., works), step)| step.exit.success() != *works);
    let Some(((_, line, works), step)) = other else {
        return Ok(());
    };
    let meant = if *works { "to work" } else { "to fail" };
    let text = format!(
        "in the guest, `{line}` was {meant}, and ended with {}",
        step.exit
    );
    Err(because(Exit::Failed, text).into())
}

pub(super) fn say_what_it_is_elsewhere(ui: &Ui) {
    ui.result(ELSEWHERE);
}
