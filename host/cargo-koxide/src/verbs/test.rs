// SPDX-License-Identifier: MIT OR Apache-2.0

//! `test`: the tests of this machine, then each driver's in a virtual machine on every kernel.

mod batch;
mod matrix;
mod panics;
mod pool;

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::cli::Test;
use crate::exit::all_told;
use crate::host_tests;
use crate::machine::explained_vm;
use crate::output::Output;
use crate::results::{Case, Results};
use crate::ui::Ui;
use crate::workshop::Workshop;
use batch::{Batch, Builder};

/// Builds everything first, so that nothing runs when something does not compile; then runs all, failures or not.
pub(crate) fn run(options: &Test, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::open(offline, ui)?.with_profile(&options.profile);
    if options.matrix {
        return matrix::run(&workshop, options, ui);
    }
    if let Some(count) = options.faults {
        return panics::run(&workshop, options, count, ui);
    }
    // What cannot be written in the end is told before anything runs.
    let junit = Output::wanted(options.junit.as_deref(), "JUnit report")?;
    let drivers = workshop.tested(&options.selection)?;
    let kernels = workshop.kernels_to_boot(&options.selection)?;
    let mut builder = Builder::new(&workshop, options);
    let mut batches = Vec::new();
    for driver in &drivers {
        for kernel in &kernels {
            batches.push(builder.batch(driver, kernel)?);
        }
    }

    let mut results = Results::new(ui);
    if !options.vm_only {
        host_tests::run(&workshop, options, &kernels, offline, &mut results, ui)?;
    }
    let jobs = options.jobs.map_or(1, usize::from);
    run_all(batches, jobs, &mut results)?;
    let written = junit.map_or(Ok(()), |junit| results.write_junit(junit));
    all_told(results.finish(), [written], ui)
}

/// Runs the batches, so many at once. Tests are shown as they end, and reported in the order of the batches.
fn run_all(batches: Vec<Batch>, jobs: usize, results: &mut Results<'_>) -> anyhow::Result<()> {
    let shown = Mutex::new(&mut *results);
    let ended: Mutex<BTreeMap<usize, anyhow::Result<Vec<Case>>>> = Mutex::default();
    let batches = batches.into_iter().enumerate();
    pool::run(
        jobs,
        |queue| batches.for_each(|job| queue.send(job).unwrap_or_default()),
        |(index, batch): (usize, Batch)| {
            // A virtual machine that does not work once does not work the next time.
            if pool::lock(&ended).values().any(Result::is_err) {
                return;
            }
            let mut cases = Vec::new();
            let report = batch.run(&mut |case| {
                pool::lock(&shown).show(&case);
                cases.push(case);
            });
            let cases = explained_vm(report).map(|_| cases);
            pool::lock(&ended).insert(index, cases);
        },
    );
    for cases in pool::into_inner(ended).into_values() {
        results.take(cases?);
    }
    Ok(())
}
