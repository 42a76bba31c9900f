// SPDX-License-Identifier: MIT OR Apache-2.0

//! What operations cost, measured in the virtual machine.

use std::path::PathBuf;

use koxide_build::{Driver, Kernel};

use super::Case;
use crate::ui::Ui;
use crate::workshop::Workshop;

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

/// The cases of each subject on one kernel, in the order of the subjects.
pub(crate) fn cases(
    _workshop: &Workshop<'_>,
    _kernel: &Kernel,
    subjects: &[Subject],
    _depth: Depth,
    _ui: &Ui,
) -> anyhow::Result<Vec<Vec<Case>>> {
    Ok(subjects.iter().map(|_| Vec::new()).collect())
}
