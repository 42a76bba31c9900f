// SPDX-License-Identifier: MIT OR Apache-2.0

//! Finds all unsafe code of a driver, the library and the shims, and what is said for it.
//!
//! It works on tokens, so that the bodies of macros and what they quote count as any other code: what says `unsafe`
//! is found wherever it stands. What has a form that is not known here is an error, and so is a file that is not
//! Rust: no number of the audit is too small.
//!
//! [`audit`] reads the folders, first for the contracts (`# Safety`) of all unsafe functions and traits in them, then
//! for the places where a `// SAFETY:` answers one.
#![forbid(unsafe_code)]

mod c;
mod contract;
mod error;
mod item;
mod language;
mod operation;
mod report;
mod source;
mod walk;

use std::path::{Path, PathBuf};

pub use error::Error;
pub use report::{Answer, Audit, Contract, Counts, Kind, Part, Role, Shims, Site};

use contract::Contracts;
use source::Source;

/// A folder of one package to be looked through.
#[derive(Debug, Clone)]
pub struct Folder {
    /// What the package is.
    pub role: Role,
    /// Its name.
    pub name: String,
    /// Where it is; its code is in `src`, its C code in `shims`.
    pub dir: PathBuf,
}

impl Folder {
    /// The package of that name in `dir`.
    pub fn new(role: Role, name: &str, dir: &Path) -> Self {
        Self {
            role,
            name: name.to_owned(),
            dir: dir.to_owned(),
        }
    }

    /// The packages of the library, which are beside each other in `dir`.
    pub fn library(dir: &Path) -> [Self; 3] {
        [
            (Role::Library, "koxide"),
            (Role::Abi, "koxide-abi"),
            (Role::Macros, "koxide-macros"),
        ]
        .map(|(role, name)| Self::new(role, name, &dir.join(name)))
    }
}

/// Looks through all folders; paths are written as seen from `root`.
///
/// # Errors
/// A file that cannot be read, or that has something in it which is not understood.
pub fn audit(root: &Path, folders: &[Folder]) -> Result<Audit, Error> {
    let mut sources = Vec::new();
    for folder in folders {
        // Others' crates are not below the root.
        let base = folder.dir.parent().filter(|_| folder.role == Role::Crate);
        for path in files(&folder.dir.join("src"), "rs")? {
            let source = Source::read(base.unwrap_or(root), &path)?;
            sources.push((
                folder,
                part_of(folder, &path),
                walk::walk(source, base.is_some())?,
            ));
        }
    }
    let contracts = Contracts::new(sources.iter().map(|(.., found)| found));
    let mut audit = Audit::default();
    for (folder, part, found) in &sources {
        audit.part(folder.role, part).add(found, &contracts);
    }
    for folder in folders {
        let shims = folder.dir.join("shims");
        if shims.exists() {
            for path in files(&shims, "c")? {
                audit.shims.push(c::read(root, &path)?);
            }
        }
    }
    Ok(audit)
}

/// The lines of code in a file of C, without comments and blank lines.
///
/// # Errors
/// A file that cannot be read, or that has a comment without an end.
pub fn lines_of_c(path: &Path) -> Result<usize, Error> {
    c::read(Path::new(""), path).map(|file| file.lines)
}

/// The part of the report that a file counts for: a driver is one, each subject of the library is one.
fn part_of(folder: &Folder, path: &Path) -> String {
    if matches!(folder.role, Role::Driver | Role::Crate) {
        return folder.name.clone();
    }
    let inside = path.strip_prefix(folder.dir.join("src")).unwrap_or(path);
    let first = inside.components().next();
    let subject = first.map(|part| part.as_os_str().to_string_lossy().into_owned());
    let subject = subject.unwrap_or_default();
    format!("{}/{}", folder.name, subject.trim_end_matches(".rs"))
}

/// The files of a folder with one ending, sorted.
fn files(dir: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::Folder(dir.to_owned(), error))?;
        let path = entry.path();
        if entry.file_type().is_file() && path.extension().is_some_and(|found| found == ending) {
            files.push(path.to_owned());
        }
    }
    Ok(files)
}
