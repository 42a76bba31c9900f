// SPDX-License-Identifier: MIT OR Apache-2.0

//! The figures as a table in the terminal.

use super::Report;
use crate::ui::Ui;

/// Prints a row for each driver on each kernel.
pub(crate) fn print(report: &Report, ui: &Ui) {
    for driver in &report.drivers {
        let (rust, c) = (driver.size.rust.total(), driver.size.c.total());
        ui.result(format!(
            "{:22} {:20} {rust:>7} {c:>7}",
            driver.name, driver.kernel
        ));
        for case in &driver.cases {
            ui.result(format!("  {}: {:?}", case.name, case.insns_per_op));
        }
    }
}
