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

/// How often instructions are counted anew where there is time for it.
const COUNTED_BOOTS: u32 = 2;

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
    fn boots(self) -> Vec<Clock> {
        match self {
            Self::Instructions => vec![Clock::Instructions],
            Self::Times { boots } => {
                // Times first: what they have and instructions have not then stands where it was measured.
                let mut all = vec![Clock::Time; boots as usize];
                all.extend([Clock::Instructions; COUNTED_BOOTS as usize]);
                all
            }
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
    for (number, clock) in boots.iter().enumerate() {
        let what = format!(
            "{} on {} (boot {} of {})",
            clock.word(),
            kernel.release,
            number + 1,
            boots.len()
        );
        ui.status("Measuring", what);
        let run = machine.run(*clock)?;
        for (figures, samples) in figures.iter_mut().zip(run.samples) {
            figures.boot(run.kvm, samples);
        }
    }
    Ok(figures.into_iter().map(Figures::cases).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_as_many_boots_as_asked_for() {
        assert_eq!(Depth::Instructions.boots(), [Clock::Instructions]);
        let boots = Depth::Times { boots: 10 }.boots();
        let times = boots.iter().filter(|clock| **clock == Clock::Time);
        assert_eq!((times.count(), boots.len()), (10, 12));
    }
}
