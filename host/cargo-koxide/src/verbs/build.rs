// SPDX-License-Identifier: MIT OR Apache-2.0

//! `build`: each driver's one object, and its module for each kernel.

use crate::cli::Build;
use crate::ui::Ui;
use crate::workshop::{Kind, Workshop};

/// Builds what the command line names, and prints where the modules are.
pub(crate) fn run(options: &Build, offline: bool, ui: &Ui) -> anyhow::Result<()> {
    let workshop = Workshop::of(&options.source, offline, ui)?;
    let drivers = workshop.drivers(&options.selection)?;
    let kernels = workshop.kernels(&options.selection)?;
    for driver in &drivers {
        for module in workshop.modules(driver, &kernels, Kind::Shipped)? {
            ui.result(workshop.shown(&module.path));
        }
    }
    Ok(())
}
