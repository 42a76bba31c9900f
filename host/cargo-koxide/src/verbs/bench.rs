// SPDX-License-Identifier: MIT OR Apache-2.0

//! `bench`: drivers beside the same drivers in C, measured in one run.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use koxide_build::{Driver, Kernel};
use koxide_process::Command;

use crate::bench::measure::{self, Depth, Subject};
use crate::bench::{DriverFigures, KernelFacts, Pair, Report, size, table};
use crate::cli;
use crate::exit::{Exit, because};
use crate::ui::Ui;
use crate::workshop::{Kind, Workshop};

/// Measures what the command line names, and shows it.
pub(crate) fn run(options: &cli::Bench, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::open(offline, ui)?;
    let drivers = with_twins(&workshop, options, ui)?;
    let kernels = workshop.kernels(&options.selection)?;
    let report = measured(&workshop, &drivers, &kernels, depth(options), ui)?;
    table::print(&report, ui);
    if let Some(file) = &options.json {
        write_json(&report, file)
            .with_context(|| format!("cannot write the figures {}", file.display()))?;
    }
    Ok(())
}

/// Times are taken where somebody wants to see them; what is compared with the last time are instructions.
fn depth(options: &cli::Bench) -> Depth {
    if options.quick || options.check || options.update {
        Depth::Instructions
    } else {
        Depth::Times {
            boots: options.boots.get(),
        }
    }
}

/// The drivers that the command line means and that have a twin in C.
fn with_twins(
    workshop: &Workshop<'_>,
    options: &cli::Bench,
    ui: &Ui,
) -> anyhow::Result<Vec<Driver>> {
    let (have, lack): (Vec<_>, Vec<_>) = workshop
        .drivers(&options.selection)?
        .into_iter()
        .partition(|driver| twin_source(driver).is_file());
    for driver in &lack {
        let source = workshop.shown(&twin_source(driver));
        let message = format!(
            "{} has no twin in C to be measured beside: {source} is not there",
            driver.package
        );
        if options.selection.package.contains(&driver.package) || have.is_empty() {
            return Err(because(Exit::Usage, message).into());
        }
        ui.note(message);
    }
    Ok(have)
}

/// Where a driver's twin is written.
fn twin_source(driver: &Driver) -> PathBuf {
    let file = format!("{}.c", driver.module);
    driver.dir.join("c").join(file)
}

fn measured(
    workshop: &Workshop<'_>,
    drivers: &[Driver],
    kernels: &[Kernel],
    depth: Depth,
    ui: &Ui,
) -> anyhow::Result<Report> {
    let root = workshop.project.root();
    let mut report = Report {
        rustc: version("rustc", root)?,
        ..Report::default()
    };
    let mut subjects: Vec<Vec<Subject>> = kernels.iter().map(|_| Vec::new()).collect();
    for driver in drivers {
        let modules = workshop.modules(driver, kernels, Kind::Shipped)?;
        for (module, subjects) in modules.into_iter().zip(&mut subjects) {
            let folder = module.path.parent().unwrap_or(root).join("c");
            subjects.push(Subject {
                driver: driver.clone(),
                c: folder.join(format!("{}.ko", module.name)),
                rust: module.path,
            });
        }
    }
    for (kernel, subjects) in kernels.iter().zip(subjects) {
        report.kernels.push(KernelFacts {
            name: kernel.name.to_string(),
            release: kernel.release.clone(),
            compiler: version(&workshop.headers(kernel)?.compiler, root)?,
        });
        let cases = measure::cases(workshop, kernel, &subjects, depth, ui)?;
        for (subject, cases) in subjects.iter().zip(cases) {
            report.drivers.push(DriverFigures {
                name: subject.driver.package.clone(),
                kernel: kernel.release.clone(),
                size: Pair {
                    rust: size::of(&subject.rust)?,
                    c: size::of(&subject.c)?,
                },
                runtime: 0,
                cases,
            });
        }
    }
    Ok(report)
}

/// What a compiler says that it is, in one line.
fn version(compiler: &str, folder: &Path) -> anyhow::Result<String> {
    let said = Command::new(compiler)
        .arg("--version")
        .current_dir(folder)
        .output()?;
    let said = String::from_utf8_lossy(&said.stdout);
    Ok(said.lines().next().unwrap_or_default().to_owned())
}

/// Writes everything, whole or not at all.
fn write_json(report: &Report, file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|dir| !dir.as_os_str().is_empty());
    let mut whole = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    serde_json::to_writer_pretty(&mut whole, report)?;
    whole.persist(file)?;
    Ok(())
}
