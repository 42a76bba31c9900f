// SPDX-License-Identifier: MIT OR Apache-2.0

//! `test --matrix`: all drivers on all kernels. What cannot be had or built fails where it is, and nothing else.

use std::sync::Mutex;

use console::Term;
use koxide_build::{Arch, Driver, Kernel, KernelName};

use super::batch::{Batch, Builder};
use super::pool;
use crate::cli::{Selection, Test};
use crate::exit::{Exit, all_told, because, status_of};
use crate::machine::explained_vm;
use crate::matrix::{self, Cell, Grid, Row, Shard, Tried};
use crate::needs::{Need, explain};
use crate::output::Output;
use crate::results::{Case, Results, Verdict};
use crate::ui::Ui;
use crate::workshop::Workshop;

/// A cell's place: its kernel and its driver.
type Place = (usize, usize);

/// Tests the drivers on the kernels that the command line means, and ends with the table.
pub(super) fn run(workshop: &Workshop<'_>, options: &Test, ui: &Ui) -> anyhow::Result<()> {
    let drivers = workshop.tested(&options.selection)?;
    let kernels = kernels(workshop, &options.selection)?;
    let shard = options.shard.unwrap_or(Shard::WHOLE);
    let plan = Plan {
        cells: shard.of(kernels.len() * drivers.len()),
        drivers: &drivers,
        kernels: &kernels,
    };
    // What cannot be written in the end is told before anything runs.
    let junit = Output::wanted(options.junit.as_deref(), "JUnit report")?;
    let html = Output::wanted(options.html.as_deref(), "page")?;
    let jobs = options.jobs.map_or_else(pool::room, usize::from);
    ui.status("Testing", plan.described(options.shard, jobs));

    let shared = Shared {
        results: Mutex::new(Results::new(ui)),
        grid: Mutex::new(plan.grid(options.shard)),
    };
    let fed = pool::run(
        jobs,
        |queue| {
            feed(workshop, options, &plan, &shared, |job| {
                queue.send(job).is_ok()
            })
        },
        |(place, batch): (Place, Batch)| run_one(&shared, place, &batch),
    );
    koxide_process::interrupt::check()?;
    fed?;

    let mut results = pool::into_inner(shared.results);
    let grid = pool::into_inner(shared.grid);
    results.take(grid.cases());
    for line in matrix::lines(&grid, width()) {
        ui.result(line);
    }
    // What took hours is told whether it can be written or not.
    let written = [
        junit.map_or(Ok(()), |junit| results.write_junit(junit)),
        html.map_or(Ok(()), |html| html.write(&matrix::page(&grid))),
    ];
    let tests = match plan.cells.is_empty() {
        true => Ok(()),
        false => judge(&grid, results.finish()),
    };
    all_told(tests, written, ui)
}

/// The kernels that the command line means: all of the matrix, unless it says less.
fn kernels(workshop: &Workshop<'_>, selection: &Selection) -> anyhow::Result<Vec<KernelName>> {
    if selection.kernel.is_empty() && selection.arch.is_none() {
        return workshop.matrix.all();
    }
    workshop.matrix.select(&selection.kernel, selection.arch)
}

/// The tests decide, and then whether kernels of an architecture had the same objects.
fn judge(grid: &Grid, tests: anyhow::Result<()>) -> anyhow::Result<()> {
    tests?;
    let unshared = grid.unshared();
    if unshared.is_empty() {
        return Ok(());
    }
    let message = format!(
        "kernels of one architecture had different objects of the same driver:\n  {}\n\
         Was the source changed while the tests ran?",
        unshared.join("\n  ")
    );
    Err(because(Exit::Failed, message).into())
}

/// How wide the table may be.
fn width() -> usize {
    match Term::stdout().size_checked() {
        Some((_, columns)) => columns.into(),
        None => usize::MAX,
    }
}

/// What is to be done.
struct Plan<'p> {
    drivers: &'p [Driver],
    kernels: &'p [KernelName],
    /// The cells that are done here, counted row by row.
    cells: std::ops::Range<usize>,
}

impl Plan<'_> {
    /// Which of a kernel's drivers are done here.
    fn here(&self, kernel: usize) -> impl Iterator<Item = usize> {
        let first = kernel * self.drivers.len();
        let cells = self.cells.clone();
        (0..self.drivers.len()).filter(move |driver| cells.contains(&(first + driver)))
    }

    /// What is done here, in words.
    fn described(&self, shard: Option<Shard>, jobs: usize) -> String {
        let all = self.kernels.len() * self.drivers.len();
        let part = match shard {
            None => String::new(),
            Some(shard) => format!(" (part {shard} of {all})"),
        };
        let kernels = self.kernels.iter().enumerate().filter_map(|(index, name)| {
            let here = self.here(index).count();
            match (here, here == self.drivers.len()) {
                (0, _) => None,
                (_, true) => Some(name.to_string()),
                (some, false) => Some(format!("{name} ({some} drivers)")),
            }
        });
        let kernels: Vec<String> = kernels.collect();
        format!(
            "{} pairs of driver and kernel{part}, {jobs} virtual machines at once, on {}",
            self.cells.len(),
            match kernels.as_slice() {
                [] => "no kernel".to_owned(),
                some => some.join(", "),
            }
        )
    }

    /// The table before anything was tried.
    fn grid(&self, shard: Option<Shard>) -> Grid {
        Grid {
            drivers: self.drivers.iter().map(|d| d.package.clone()).collect(),
            rows: self
                .kernels
                .iter()
                .map(|name| Row {
                    name: name.to_string(),
                    release: None,
                    cells: vec![Cell::Elsewhere; self.drivers.len()],
                })
                .collect(),
            shard,
        }
    }
}

/// What the threads write to.
struct Shared<'u> {
    results: Mutex<Results<'u>>,
    grid: Mutex<Grid>,
}

impl Shared<'_> {
    fn show(&self, case: &Case) {
        pool::lock(&self.results).show(case);
    }

    fn put(&self, (kernel, driver): Place, cell: Cell) {
        pool::lock(&self.grid).rows[kernel].cells[driver] = cell;
    }

    fn known_as(&self, kernel: usize, release: &str) {
        pool::lock(&self.grid).rows[kernel].release = Some(release.to_owned());
    }
}

/// Fetches kernels and builds, one after the other, while the virtual machines run what is there already.
///
/// # Errors
/// Ctrl-C; everything else is a cell of the table.
fn feed(
    workshop: &Workshop<'_>,
    options: &Test,
    plan: &Plan<'_>,
    shared: &Shared<'_>,
    send: impl Fn((Place, Batch)) -> bool,
) -> anyhow::Result<()> {
    let mut builder = Builder::new(workshop, options);
    for (row, name) in plan.kernels.iter().enumerate() {
        let mut here = plan.here(row).peekable();
        if here.peek().is_none() {
            continue;
        }
        let kernel = match to_boot(workshop, name, options.selection.arch) {
            Ok(kernel) => kernel,
            Err(error) => {
                let why = reason(error)?;
                shared.show(&Case::unavailable(&name.to_string(), &why));
                here.for_each(|column| shared.put((row, column), Cell::Unavailable(why.clone())));
                continue;
            }
        };
        shared.known_as(row, &kernel.release);
        for column in here {
            let driver = &plan.drivers[column];
            match builder.batch(driver, &kernel) {
                Ok(batch) => {
                    if !send(((row, column), batch)) {
                        return Ok(());
                    }
                }
                Err(error) => {
                    let cell = not_run(shared, &kernel, &driver.package, error)?;
                    shared.put((row, column), cell);
                }
            }
        }
    }
    Ok(())
}

/// A kernel, with what it takes to boot it: nothing is built for one that cannot be booted.
fn to_boot(
    workshop: &Workshop<'_>,
    name: &KernelName,
    arch: Option<Arch>,
) -> anyhow::Result<Kernel> {
    let kernel = workshop.kernel_to_boot(name, arch)?;
    let emulator = Need::Qemu(kernel.arch);
    match emulator.found() {
        Some(_) => Ok(kernel),
        None => Err(because(Exit::Missing, explain(&[emulator])).into()),
    }
}

/// The cell of a driver that could not be built for a kernel, or not run on it.
fn not_run(
    shared: &Shared<'_>,
    kernel: &Kernel,
    driver: &str,
    error: anyhow::Error,
) -> anyhow::Result<Cell> {
    if matches!(status_of(&error), Exit::Missing | Exit::Usage) {
        let why = reason(error)?;
        shared.show(&Case::unavailable(&kernel.name.to_string(), &why));
        return Ok(Cell::Unavailable(why));
    }
    let case = untestable(&kernel.release, driver, &reason(error)?);
    shared.show(&case);
    Ok(Cell::Tried(Tried {
        cases: vec![case],
        ..Tried::default()
    }))
}

/// What an error says, or the error itself when it is Ctrl-C.
fn reason(error: anyhow::Error) -> anyhow::Result<String> {
    match status_of(&error) {
        Exit::Interrupted => Err(error),
        _ => Ok(format!("{error:#}")),
    }
}

/// That a driver could not be built, or that its virtual machine did not work.
fn untestable(release: &str, driver: &str, why: &str) -> Case {
    let mut lines = why.lines();
    Case {
        place: release.to_owned(),
        suite: driver.to_owned(),
        name: "it can be tested".to_owned(),
        verdict: Verdict::Failed(lines.next().unwrap_or_default().to_owned()),
        duration: None,
        output: lines.collect::<Vec<_>>().join("\n"),
        object: None,
    }
}

/// Runs a batch and puts what came of it into its cell.
fn run_one(shared: &Shared<'_>, place: Place, batch: &Batch) {
    let mut cases = Vec::new();
    let ended = batch.run(&mut |case| {
        shared.show(&case);
        cases.push(case);
    });
    let cell = match explained_vm(ended) {
        Ok(report) => Cell::Tried(Tried {
            cases,
            time: report.duration,
            objects: batch.objects.clone(),
        }),
        // On Ctrl-C there is no table.
        Err(error) => match not_run(shared, &batch.kernel, &batch.driver, error) {
            Ok(cell) => with(cases, cell),
            Err(_) => return,
        },
    };
    shared.put(place, cell);
}

/// A cell with the tests that ended before the virtual machine did not work any more.
fn with(mut before: Vec<Case>, cell: Cell) -> Cell {
    match cell {
        Cell::Tried(mut tried) => {
            before.append(&mut tried.cases);
            Cell::Tried(Tried {
                cases: before,
                ..tried
            })
        }
        other => other,
    }
}
