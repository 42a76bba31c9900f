// SPDX-License-Identifier: MIT OR Apache-2.0

//! What operations cost, measured in the virtual machine.
//!
//! Each driver has programs in `benches/`, which load the driver's module, its twin's and one whose operations do nothing,
//! in turns, and write what they measured (`koxide_guest::bench`). Instructions are counted in a machine whose clock they
//! are; times are taken in many boots, since one and the same module can be faster in one boot than in the next.

mod figures;
mod machine;

use std::path::PathBuf;

use koxide_build::{Driver, Kernel};
use koxide_guest::protocol::Clock;

use super::Case;
use crate::ui::Ui;
use crate::workshop::Workshop;
use figures::Figures;
use machine::Machine;

/// In how many boots the instructions of a case are counted until two counts agree.
const ATTEMPTS: usize = 3;

/// A driver with the two modules that are compared.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The driver.
    pub(crate) driver: Driver,
    /// Its module.
    pub(crate) rust: PathBuf,
    /// Its twin's: the same name, the same devices.
    pub(crate) c: PathBuf,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Instructions: one boot.
    Instructions,
    /// Instructions, and times in so many boots.
    Times {
        /// How many.
        boots: u32,
    },
}

impl Depth {
    /// In how many boots times are taken.
    fn boots(self) -> usize {
        match self {
            Self::Instructions => 0,
            Self::Times { boots } => boots as usize,
        }
    }
}

/// The cases of each subject on one kernel, in the order of the subjects.
///
/// A driver without a program that measures it has none.
pub(crate) fn cases(
    workshop: &Workshop<'_>,
    kernel: &Kernel,
    subjects: &[Subject],
    depth: Depth,
    ui: &Ui,
) -> anyhow::Result<Vec<Vec<Case>>> {
    let machine = Machine::new(workshop, kernel, subjects)?;
    let mut figures: Vec<Figures> = subjects.iter().map(|_| Figures::default()).collect();
    let boots = depth.boots();
    let on = |clock: Clock| format!("{} on {}", clock.word(), kernel.release);
    // Times first: what they have and instructions have not then stands where it was measured.
    for number in 1..=boots {
        let what = on(Clock::Time);
        ui.status("Measuring", format!("{what} (boot {number} of {boots})"));
        let run = machine.run(Clock::Time, |_| true)?;
        for (figures, samples) in figures.iter_mut().zip(run.samples) {
            figures.boot(run.kvm, samples);
        }
    }
    for attempt in 1..=ATTEMPTS {
        let wanted = |figures: &Figures| attempt == 1 || figures.disagreeing().next().is_some();
        let wanted: Vec<bool> = figures.iter().map(wanted).collect();
        if !wanted.contains(&true) {
            break;
        }
        for (subject, figures) in subjects.iter().zip(&figures) {
            for (case, why) in figures.disagreeing() {
                let name = &subject.driver.package;
                ui.note(format!("counted again: {name}, {case}: {why}"));
            }
        }
        ui.status("Measuring", on(Clock::Instructions));
        let run = machine.run(Clock::Instructions, |subject| wanted[subject])?;
        for (figures, samples) in figures.iter_mut().zip(run.samples) {
            figures.count(samples);
        }
    }
    Ok(figures.into_iter().map(Figures::cases).collect())
}
