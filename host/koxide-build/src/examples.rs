// SPDX-License-Identifier: MIT OR Apache-2.0

//! The examples of a package's documentation as in-kernel tests.
//!
//! rustdoc tells where the examples are and what they say (`extract`). A package is made of them (`generate`) whose
//! object has each as a test of the suite `examples`; for a driver it has the driver's own suites too, since it contains
//! the whole driver. The examples stand in files that have the names of those that they come from, each example at its
//! own lines: so the compiler, a failed assertion and a panic name the place that the reader knows.

mod extract;
mod generate;

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::cache;
use crate::driver::{Driver, Library, Project};
use crate::error::Error;
use crate::object::BuildOptions;

/// A package made of examples.
#[derive(Debug)]
pub struct Examples {
    /// The package, alone in a project that writes to the same places as the one that the examples come from.
    pub project: Project,
    /// What is built: with the in-kernel tests, of which the examples are a suite.
    pub driver: Driver,
}

/// Makes a package of the examples in the documentation of `of`, which is a driver or the library itself; nothing when
/// it has none.
///
/// # Errors
/// Those of [`object`](crate::object), [`driver`](crate::driver) and [`cache`].
pub fn package(
    project: &Project,
    of: &Driver,
    library: &Library,
    options: &BuildOptions<'_>,
) -> Result<Option<Examples>, Error> {
    if !may_have_examples(&of.dir) {
        return Ok(None);
    }
    let stage = format!("looking for the examples of {}", of.package);
    options.progress.stage(&stage);
    let all = extract::examples(project, of, options)?;
    if all.is_empty() {
        return Ok(None);
    }
    let dir = project.koxide_dir().join("examples").join(&of.package);
    let is_library = project.library().is_some_and(|l| l.package == of.package);
    let package = generate::Package {
        of,
        is_library,
        library,
        root: project.root(),
    };
    for (file, text) in package.files(&all) {
        cache::write_if_changed(&dir.join(file), text.as_bytes())?;
    }
    // cargo strikes out what this package does not need: it is the project's again each time.
    cache::write(&dir.join("Cargo.lock"), library.lock.as_bytes())?;
    let made = Project::discover(&dir, options.offline)?
        .with_target_dir(project.target_dir())
        .with_output_dir(project.output_dir());
    let mut driver = made.driver(None)?.clone();
    driver.tests.clear();
    Ok(Some(Examples {
        project: made,
        driver,
    }))
}

/// Whether a package's sources have anything that looks like an example: rustdoc takes longer to say so.
fn may_have_examples(dir: &Path) -> bool {
    let sources = WalkDir::new(dir.join("src")).into_iter().flatten();
    let mut paths = sources.map(|entry| entry.into_path());
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|e| e == "rs");
    paths.any(|path| {
        is_rust(&path) && std::fs::read_to_string(&path).is_ok_and(|text| text.contains("```"))
    })
}
