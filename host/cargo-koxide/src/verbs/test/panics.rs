// SPDX-License-Identifier: MIT OR Apache-2.0

//! `test --faults`: drivers are made to panic wherever their tests get to, and each panic is contained.

mod choice;
mod subject;
mod survey;
mod tally;

use std::num::NonZeroU32;

use koxide_build::{Driver, Kernel};

use crate::cli::Test;
use crate::machine::{contains_panics, explained_vm};
use crate::output::Output;
use crate::results::Results;
use crate::ui::Ui;
use crate::workshop::Workshop;
use choice::Chosen;
use subject::Subject;
use survey::Survey;
use tally::Tally;

/// Looks first which test gets where, on each kernel; then makes so many panics there.
pub(super) fn run(
    workshop: &Workshop<'_>,
    options: &Test,
    count: NonZeroU32,
    ui: &Ui,
) -> anyhow::Result<()> {
    // What cannot be written in the end is told before anything runs.
    let junit = Output::wanted(options.junit.as_deref(), "JUnit report")?;
    let drivers = workshop.tested(&options.selection)?;
    let drivers = drivers.iter().filter(|d| !workshop.is_library(d));
    let drivers: Vec<&Driver> = drivers.collect();
    let kernels = workshop.kernels(&options.selection)?;
    kernels.iter().try_for_each(contains_panics)?;
    let mut results = Results::new(ui);
    let mut tables = Vec::new();
    for kernel in &kernels {
        let tally = on(workshop, options, &drivers, kernel, count, &mut results, ui)?;
        tables.push(tally.table(&kernel.release));
    }
    if let Some(junit) = junit {
        results.write_junit(junit)?;
    }
    for line in tables.iter().flat_map(|table| table.lines()) {
        ui.result(line);
    }
    results.finish()
}

/// All panics on one kernel.
fn on(
    workshop: &Workshop<'_>,
    options: &Test,
    drivers: &[&Driver],
    kernel: &Kernel,
    count: NonZeroU32,
    results: &mut Results<'_>,
    ui: &Ui,
) -> anyhow::Result<Tally> {
    let mut surveyed: Vec<(Subject, Survey)> = Vec::new();
    for driver in drivers {
        let subject = Subject::build(workshop, options, driver, kernel)?;
        ui.status(
            "Surveying",
            format!("{} on {}", subject.driver, kernel.release),
        );
        let survey = survey::survey(&subject, &mut |case| results.add(case))?;
        surveyed.push((subject, survey));
    }
    let chosen = choice::choose(&surveyed, count.get(), options.filter.as_deref());
    let mut tally = Tally::new(&surveyed);
    for (index, (subject, _)) in surveyed.iter().enumerate() {
        let here: Vec<&Chosen> = chosen.iter().filter(|c| c.subject == index).collect();
        if here.is_empty() {
            continue;
        }
        let ended = subject.force(&here, &mut |chosen, test| {
            let case = subject.case(test);
            results.show(&case);
            tally.add(chosen, test);
            case
        });
        results.take(explained_vm(ended)?);
    }
    Ok(tally)
}
