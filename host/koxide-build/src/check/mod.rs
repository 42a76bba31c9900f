// SPDX-License-Identifier: MIT OR Apache-2.0

//! Refuses modules whose faults would show only on a machine, or not at all.

use std::path::Path;

use crate::kernels::Kernel;

/// Why a module must not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {}

/// Checks a linked module against its kernel and against the Rust object that went into it.
///
/// # Errors
/// The first reason not to use the module.
pub fn module(ko: &Path, kernel: &Kernel, rust_object: &Path) -> Result<Report, Error> {
    let _ = (ko, kernel, rust_object);
    Ok(Report {})
}
