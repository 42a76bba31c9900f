// SPDX-License-Identifier: MIT OR Apache-2.0

//! `bench`: drivers beside the same drivers in C, measured in one run.

use std::path::Path;

use koxide_build::{Driver, Kernel, module};
use koxide_process::Command;

use crate::bench::compare::{Findings, compare};
use crate::bench::measure::{self, Depth, Subject};
use crate::bench::origin::Origin;
use crate::bench::size::Language;
use crate::bench::{DriverFigures, KernelFacts, Pair, Report, baseline, code, html, size, table};
use crate::cli;
use crate::exit::{Exit, because};
use crate::machine::explained;
use crate::output::Output;
use crate::ui::Ui;
use crate::workshop::Workshop;

/// Measures what the command line names, and shows it, compares it or keeps it.
pub(crate) fn run(options: &cli::Bench, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::open(offline, ui)?;
    let drivers = with_twins(&workshop, options, ui)?;
    let root = workshop.project.root();
    // What cannot be compared or written in the end is told before anything is measured.
    let committed = match options.check {
        true => Some(baseline::read(root)?),
        false => None,
    };
    let out = Outputs::open(options, root)?;
    let kernels = workshop.kernels_to_boot(&options.selection)?;
    let mut report = measured(&workshop, &drivers, &kernels, depth(options), ui)?;
    if let Some(committed) = &committed {
        let all = options.selection.package.is_empty();
        out.write(&report)?;
        return judge(&compare(&report, committed, all), ui);
    }
    report.code = code::of(&workshop.project, &drivers)?;
    for line in table::of(&report).lines() {
        ui.result(line);
    }
    out.write(&report)
}

/// Says what is better, and fails with what is worse than committed.
fn judge(findings: &Findings, ui: &Ui) -> anyhow::Result<()> {
    for unsteady in &findings.unsteady {
        ui.note(format!("not compared: {unsteady}"));
    }
    for better in &findings.better {
        ui.note(format!("better than committed: {better}"));
    }
    if findings.worse.is_empty() {
        if !findings.better.is_empty() {
            ui.note("to keep the better figures: cargo koxide bench --update");
        }
        ui.result(format!("Nothing is worse than in {}.", baseline::FILE));
        return Ok(());
    }
    let message = format!(
        "worse than in {}:\n  {}\nMake it as good as it was or, if the change is worth that, commit the new figures \
         with it: cargo koxide bench --update",
        baseline::FILE,
        findings.worse.join("\n  ")
    );
    Err(because(Exit::Failed, message).into())
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
    let mut have = Vec::new();
    for driver in workshop.drivers(&options.selection)? {
        if explained(module::twin_source(&driver))?.is_some() {
            have.push(driver);
            continue;
        }
        let source = driver.dir.join("c").join(format!("{}.c", driver.module));
        let message = format!(
            "{} has no twin in C to be measured beside: it would be {}",
            driver.package,
            workshop.shown(&source)
        );
        if options.selection.package.contains(&driver.package) {
            return Err(because(Exit::Usage, message).into());
        }
        ui.note(message);
    }
    if have.is_empty() {
        let message = "no driver here has a twin in C to be measured beside";
        return Err(because(Exit::Usage, message).into());
    }
    Ok(have)
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
        let modules = workshop.modules(driver, kernels)?;
        let kernels = kernels.iter().zip(modules).zip(&mut subjects);
        for ((kernel, module), subjects) in kernels {
            subjects.push(Subject {
                driver: driver.clone(),
                c: workshop.named_twin(driver, kernel)?.path,
                rust: module.path,
            });
        }
    }
    for (kernel, subjects) in kernels.iter().zip(subjects) {
        report.kernels.push(KernelFacts {
            name: kernel.name.to_string(),
            release: kernel.release.clone(),
            compiler: explained(workshop.headers(kernel)?.compiler_version())?,
        });
        let cases = measure::cases(workshop, kernel, &subjects, depth, ui)?;
        for (subject, cases) in subjects.iter().zip(cases) {
            let own = subject.driver.package.replace('-', "_");
            let rust = size::of(&subject.rust, Language::Rust(&own))?;
            let c = size::of(&subject.c, Language::C)?;
            report.drivers.push(DriverFigures {
                name: subject.driver.package.clone(),
                kernel: kernel.release.clone(),
                runtime: rust.of(Origin::Runtime),
                size: Pair {
                    rust: rust.size,
                    c: c.size,
                },
                origins: Pair {
                    rust: rust.origins,
                    c: c.origins,
                },
                tables: Pair {
                    rust: rust.tables,
                    c: c.tables,
                },
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

/// The files that the figures are written to, each beside its place until all of it is there.
struct Outputs {
    json: Option<Output>,
    html: Option<Output>,
    baseline: Option<Output>,
    /// The committed figures, when only some of them are replaced.
    old: Option<Report>,
}

impl Outputs {
    fn open(options: &cli::Bench, root: &Path) -> anyhow::Result<Self> {
        let json = options.json.as_deref();
        let html = options.html.as_deref();
        let file = root.join(baseline::FILE);
        let selection = &options.selection;
        let partial = !selection.package.is_empty()
            || !selection.kernel.is_empty()
            || selection.arch.is_some();
        let old = (options.update && partial && file.exists()).then(|| baseline::read(root));
        Ok(Self {
            json: Output::wanted(json, "figures")?,
            html: Output::wanted(html, "page")?,
            baseline: options
                .update
                .then(|| Output::open(&file, "figures"))
                .transpose()?,
            old: old.transpose()?,
        })
    }

    fn write(self, report: &Report) -> anyhow::Result<()> {
        if let Some(output) = self.json {
            output.write(&serde_json::to_string_pretty(report)?)?;
        }
        if let Some(output) = self.html {
            output.write(&html::page(report))?;
        }
        if let Some(output) = self.baseline {
            output.write(&baseline::text(report, self.old)?)?;
        }
        Ok(())
    }
}
