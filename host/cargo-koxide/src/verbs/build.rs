// SPDX-License-Identifier: MIT OR Apache-2.0

//! `build`: each driver's one object, and its module for each kernel.

use koxide_build::{Driver, Kernel, KernelName};

use crate::cli::Build;
use crate::ui::Ui;
use crate::workshop::Workshop;

/// Builds what the command line names, and prints where the modules are.
pub(crate) fn run(options: &Build, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::of(&options.source, offline, ui)?.with_profile(&options.profile);
    let drivers = workshop.drivers(&options.selection)?;
    let kernels = match options.host {
        true => vec![workshop.kernel(&KernelName::Running)?],
        false => workshop.kernels(&options.selection)?,
    };
    for driver in &drivers {
        if options.c {
            twins(&workshop, driver, &kernels, options, ui)?;
            continue;
        }
        for module in workshop.modules(driver, &kernels)? {
            ui.result(workshop.shown(&module.path));
        }
    }
    Ok(())
}

/// Builds a driver's twins; one that has none is an error only where it was named.
fn twins(
    workshop: &Workshop<'_>,
    driver: &Driver,
    kernels: &[Kernel],
    options: &Build,
    ui: &Ui,
) -> anyhow::Result<()> {
    for kernel in kernels {
        let twin = match options.selection.package.is_empty() {
            true => workshop.twin(driver, kernel)?,
            false => Some(workshop.named_twin(driver, kernel)?),
        };
        match twin {
            Some(twin) => ui.result(workshop.shown(&twin.path)),
            None => {
                ui.note(format!("{} has no twin in C", driver.package));
                break;
            }
        }
    }
    Ok(())
}
