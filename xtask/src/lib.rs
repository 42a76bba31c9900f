// SPDX-License-Identifier: MIT OR Apache-2.0

//! The rules of this repository that no compiler holds, as functions: `cargo xtask check` and a test call them.
#![forbid(unsafe_code)]

pub mod miri;
pub mod rules;
pub mod safety;
pub mod tools;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Checks everything, cheapest first.
///
/// # Errors
/// All broken rules of the first check that finds any.
pub fn check() -> anyhow::Result<()> {
    rules::files(&root())?;
    safety::reasons(&root())?;
    safety::claims(&root())?;
    rules::edges(&root())?;
    rules::licences(&root())?;
    tools::format(&root())?;
    tools::lints(&root())?;
    tools::documentation(&root())
}
