// SPDX-License-Identifier: MIT OR Apache-2.0

//! `kernel`: what there is, what it takes, where it came from.

use console::{Alignment, pad_str, style};
use indicatif::{BinaryBytes, HumanBytes};
use koxide_build::kernels::debug;
use koxide_build::{Cache, Kernel, KernelName, kernels};

use crate::cli::{Kernel as Words, KernelAdd, KernelBuild, KernelRemove, KernelUpdate};
use crate::exit::{Exit, because};
use crate::kernels::Matrix;
use crate::machine::{Steps, explained};
use crate::ui::Ui;

/// Does what the words after `kernel` say.
pub(crate) fn run(words: &Words, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let cache = explained(Cache::from_env())?;
    let matrix = Matrix::here()?;
    let steps = Steps::new(ui);
    let mut options = kernels::Options::new(&steps);
    options.offline = offline;
    match words {
        Words::List => list(&cache, &matrix, ui),
        Words::Add(add) => self::add(&cache, &matrix, add, &options, ui),
        Words::Build(build) => self::build(&cache, &matrix, build, &options, ui),
        Words::Show(show) => {
            let kernel = explained(kernels::show(&cache, &matrix.name(&show.name)?, &options))?;
            describe(&kernel, ui);
            Ok(())
        }
        Words::Update(update) => self::update(&cache, &matrix, update, &options, ui),
        Words::Remove(remove) => self::remove(&cache, &matrix, remove, ui),
    }
}

fn list(cache: &Cache, matrix: &Matrix, ui: &Ui) -> anyhow::Result<()> {
    let entries = explained(kernels::list(cache))?;
    for entry in &entries {
        let name = pad_str(&entry.name.to_string(), 28, Alignment::Left, None).into_owned();
        ui.result(format!(
            "{} {:34} {:>12}{}",
            style(name).bold(),
            entry.release,
            BinaryBytes(entry.bytes).to_string(),
            if entry.outdated {
                "  (to be built again)"
            } else {
                ""
            }
        ));
    }
    let missing = matrix
        .all()?
        .into_iter()
        .filter(|name| entries.iter().all(|entry| entry.name != *name));
    for name in missing {
        ui.result(format!(
            "{:28} {}",
            name.to_string(),
            style("not fetched yet").dim()
        ));
    }
    let roots = explained(kernels::roots(cache))?;
    for (root, bytes) in &roots {
        let what = format!("{} of {}", root.compiler, root.suite);
        ui.result(format!(
            "{} {what:34} {:>12}",
            pad_str("root to build in", 28, Alignment::Left, None),
            BinaryBytes(*bytes).to_string(),
        ));
    }
    let total: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let total = total + roots.iter().map(|(_, bytes)| bytes).sum::<u64>();
    ui.result(format!(
        "{} in {}",
        BinaryBytes(total),
        cache.root().display()
    ));
    Ok(())
}

fn add(
    cache: &Cache,
    matrix: &Matrix,
    add: &KernelAdd,
    options: &kernels::Options<'_>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let source = match (&add.mirror, &add.keyring) {
        (None, None) => None,
        (Some(mirror), Some(keyring)) => Some(kernels::Source {
            mirror: mirror.clone(),
            keyring: keyring.clone(),
        }),
        _ => return Err(because(Exit::Usage, "--mirror and --keyring go together").into()),
    };
    let kernel = kernels::add(cache, &matrix.name(&add.name)?, source.as_ref(), options);
    ui.finish();
    let kernel = explained(kernel)?;
    describe(&kernel, ui);
    Ok(())
}

fn build(
    cache: &Cache,
    matrix: &Matrix,
    build: &KernelBuild,
    options: &kernels::Options<'_>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let KernelName::Debug(line) = matrix.name(&build.name)? else {
        let lines: Vec<String> = debug::lines().map(|line| format!("debug:{line}")).collect();
        let text = format!(
            "{} is not built here: `cargo koxide kernel add` fetches it; those that are built are {}",
            build.name,
            lines.join(", ")
        );
        return Err(because(Exit::Usage, text).into());
    };
    let suites = match build.suite.is_empty() {
        true => matrix.suites(),
        false => build.suite.clone(),
    };
    ui.status(
        "Building",
        format!(
            "{} (minutes, the first time; goes on where it was interrupted)",
            build.name
        ),
    );
    let kernel = debug::build(cache, &line, &suites, options);
    ui.finish();
    if koxide_process::interrupt::check().is_err() {
        ui.note("what is done is kept: the same command goes on from here");
    }
    describe(&explained(kernel)?, ui);
    Ok(())
}

fn update(
    cache: &Cache,
    matrix: &Matrix,
    update: &KernelUpdate,
    options: &kernels::Options<'_>,
    ui: &Ui,
) -> anyhow::Result<()> {
    let names: Vec<KernelName> = match &update.name {
        Some(word) => match matrix.name(word)? {
            name @ KernelName::Debug(_) => {
                let text = format!("`cargo koxide kernel build {name}` builds the newest {name}");
                return Err(because(Exit::Usage, text).into());
            }
            name => vec![name],
        },
        None => explained(kernels::list(cache))?
            .into_iter()
            .map(|entry| entry.name)
            // These take minutes: whoever wants a newer one says so.
            .filter(|name| !matches!(name, KernelName::Debug(_)))
            .collect(),
    };
    for name in &names {
        let updated = kernels::update(cache, name, options);
        ui.finish();
        let updated = explained(updated)?;
        let release = &updated.kernel.release;
        ui.result(match updated.before {
            Some(before) if updated.changed => format!("{name}: {before} -> {release}"),
            _ if updated.changed => format!("{name}: {release}"),
            _ => format!("{name}: {release} is the newest"),
        });
    }
    Ok(())
}

fn remove(cache: &Cache, matrix: &Matrix, remove: &KernelRemove, ui: &Ui) -> anyhow::Result<()> {
    let freed = match &remove.name {
        Some(word) => explained(kernels::remove(cache, &matrix.name(word)?))?,
        None => explained(cache.remove_all())?,
    };
    ui.result(format!("freed {}", HumanBytes(freed)));
    Ok(())
}

/// Prints what is known of a kernel.
fn describe(kernel: &Kernel, ui: &Ui) {
    let line =
        |what: &str, value: &dyn std::fmt::Display| ui.result(format!("{what:>10}  {value}"));
    line("name", &kernel.name);
    line("release", &kernel.release);
    line("arch", &kernel.arch.as_str());
    line("headers", &kernel.headers.build.display());
    if let Some(vmlinuz) = &kernel.vmlinuz {
        line("image", &vmlinuz.display());
    }
    if let Some(modules) = &kernel.modules {
        line("modules", &modules.display());
    }
    if let Some(record) = &kernel.record {
        match &record.built {
            Some(built) => {
                let minutes = built.seconds.div_ceil(60);
                let how = format!(
                    "{} with {} in {minutes} min",
                    record.fetched, built.compiler
                );
                line("built", &how);
            }
            None => line("fetched", &record.fetched),
        }
        for package in &record.packages {
            line(
                "package",
                &format!(
                    "{} {} ({})",
                    package.name,
                    package.version,
                    HumanBytes(package.bytes)
                ),
            );
            line("sha256", &package.sha256);
        }
    }
}
