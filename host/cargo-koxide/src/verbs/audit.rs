// SPDX-License-Identifier: MIT OR Apache-2.0

//! `audit`: all unsafe code of drivers, library and shims, and what is said for it.

use anyhow::Context as _;
use koxide_audit::{Answer, Audit, Counts, Folder, Kind, Role, Site};
use koxide_build::Project;

use crate::cli;
use crate::exit::{Exit, because};
use crate::machine::explained;
use crate::output::Output;
use crate::ui::Ui;

/// Prints what there is; what has no reason is an error.
pub(crate) fn run(options: &cli::Audit, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let project = explained(Project::discover(&here, offline))?;
    let json = Output::wanted(options.json.as_deref(), "audit")?;
    let audit = koxide_audit::audit(project.root(), &folders(&project))?;
    match &options.list {
        Some(part) => list(&audit, part, ui),
        None => summary(&audit, ui),
    }
    if let Some(json) = json {
        json.write(&serde_json::to_string_pretty(&audit)?)?;
    }
    let complaints: Vec<String> = audit
        .complaints()
        .map(|(site, why)| format!("{}: {why}", place(site)))
        .collect();
    if complaints.is_empty() {
        return Ok(());
    }
    let lines = complaints.join("\n  ");
    Err(because(
        Exit::Failed,
        format!("unsafe code without a reason:\n  {lines}"),
    )
    .into())
}

/// The drivers of a project, and what they stand on.
pub(crate) fn folders(project: &Project) -> Vec<Folder> {
    let drivers = project.drivers().iter();
    let drivers = drivers.map(|driver| Folder::new(Role::Driver, &driver.package, &driver.dir));
    let abi = project.abi_dir();
    let library = Folder::library(abi.parent().unwrap_or(abi));
    let guest = project.guest_dir();
    let guest = guest.map(|dir| Folder::new(Role::Host, "koxide-guest", dir));
    let others = project.crates().iter();
    let others = others.map(|other| Folder::new(Role::Crate, &other.name, &other.dir));
    drivers.chain(others).chain(library).chain(guest).collect()
}

/// A row for each driver, and for each subject that has unsafe code.
fn summary(audit: &Audit, ui: &Ui) {
    ui.result(format!(
        "{:28} {:>7} {:>9} {:>6} {:>6} {:>8} {:>9} {:>7}",
        "", "blocks", "functions", "impls", "traits", "lines", "in blocks", "C lines"
    ));
    let mut all = Row::default();
    let mut safe = 0;
    for part in &audit.parts {
        let row = Row {
            counts: part.counts,
            lines: part.lines,
            inside: part.unsafe_lines,
            c: c_lines(audit, &part.name),
        };
        all.counts.add(row.counts);
        all.lines += row.lines;
        all.inside += row.inside;
        all.c += row.c;
        if matches!(part.role, Role::Driver | Role::Crate) || !row.counts.is_empty() {
            row.print(&part.name, ui);
        } else {
            safe += 1;
        }
    }
    all.print("all", ui);
    let mut in_tests = Counts::default();
    audit
        .parts
        .iter()
        .for_each(|part| in_tests.add(part.in_tests));
    let places: usize = audit.parts.iter().map(|part| part.sites.len()).sum();
    ui.result(format!(
        "{safe} parts of the library without any are left out, and {} blocks in tests. \
         `--list` shows all {places} places.",
        in_tests.blocks
    ));
}

/// The lines of C of a subject of the ABI.
fn c_lines(audit: &Audit, part: &str) -> usize {
    let own = audit.shims.iter().filter(|shims| {
        let stem = shims.file.file_stem().and_then(|stem| stem.to_str());
        part.strip_prefix("koxide-abi/") == stem
    });
    own.map(|shims| shims.lines).sum()
}

/// A row of the table.
#[derive(Default)]
struct Row {
    counts: Counts,
    lines: usize,
    inside: usize,
    c: usize,
}

impl Row {
    fn print(&self, name: &str, ui: &Ui) {
        let Counts {
            blocks,
            functions,
            impls,
            traits,
            ..
        } = self.counts;
        ui.result(format!(
            "{name:28} {blocks:>7} {functions:>9} {impls:>6} {traits:>6} {:>8} {:>9} {:>7}",
            self.lines, self.inside, self.c
        ));
    }
}

/// Each place with its comment and the contract that it answers.
fn list(audit: &Audit, part: &str, ui: &Ui) {
    let sites = audit.parts.iter().flat_map(|part| &part.sites);
    for site in sites.filter(|site| site.file.to_string_lossy().contains(part)) {
        ui.result(place(site));
        if let Some(comment) = &site.comment {
            let word = if matches!(site.kind, Kind::Block | Kind::Impl) {
                "says"
            } else {
                "asks"
            };
            ui.result(format!("    {word}: {comment}"));
        }
        for answer in &site.answers {
            for line in lines(answer) {
                ui.result(format!("    {line}"));
            }
        }
    }
}

fn lines(answer: &Answer) -> Vec<String> {
    let contracts = answer.contracts.iter().map(|contract| {
        let at = contract
            .at
            .as_ref()
            .map_or(String::new(), |at| format!(" ({at})"));
        let says = contract.says.as_deref().unwrap_or("(nothing)");
        format!("  to {}{at}: {says}", contract.of)
    });
    contracts.collect()
}

fn place(site: &Site) -> String {
    let kind = match site.kind {
        Kind::Block => "block",
        Kind::Function => "function",
        Kind::Impl => "impl",
        Kind::Trait => "trait",
        Kind::Foreign => "foreign block",
        Kind::Attribute => "attribute",
        Kind::Type => "function type",
        Kind::Word => "word",
    };
    let within = site
        .within
        .as_ref()
        .map_or(String::new(), |name| format!(" {name}"));
    let within_macro = site
        .macro_body
        .as_ref()
        .map_or(String::new(), |name| format!(", in {name}!"));
    format!(
        "{}:{}: {kind}{within}{within_macro}",
        site.file.display(),
        site.line
    )
}
