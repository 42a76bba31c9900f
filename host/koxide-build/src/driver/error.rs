// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why a driver cannot be found.

use std::path::{Path, PathBuf};

use crate::cache;
use crate::need::Need;
use crate::object::{self, Toolchain};

/// Why a driver cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder here or above has a manifest.
    #[error(
        "there is no Cargo.toml in {dir} or a folder above: go to a driver's folder, or make one with `cargo koxide new NAME --class misc`"
    )]
    NoManifest {
        /// Where the search began.
        dir: PathBuf,
    },
    /// No driver has that name.
    #[error("there is no package `{name}` here{}", drivers_here(.known))]
    NoSuchPackage {
        /// The name.
        name: String,
        /// The drivers there are.
        known: Vec<String>,
    },
    /// The package exists and is no driver.
    #[error("the package `{name}` is not a driver: {why}{}", drivers_here(.known))]
    NotADriver {
        /// The package.
        name: String,
        /// What it lacks.
        why: &'static str,
        /// The drivers there are.
        known: Vec<String>,
    },
    /// Several drivers could be meant, or there is none.
    #[error("{}", ambiguous(.known))]
    AmbiguousDriver {
        /// The drivers there are.
        known: Vec<String>,
    },
    /// The project does not use the library's C side.
    #[error(
        "the package `koxide-abi` is not among the packages of {manifest}: the driver needs the dependency `kernel = {{ package = \"koxide\", ... }}`"
    )]
    NoAbi {
        /// The manifest.
        manifest: PathBuf,
    },
    /// What a driver's manifest says to this command is not understood.
    #[error("cannot read [package.metadata.koxide] in {manifest}")]
    Settings {
        /// The manifest.
        manifest: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// cargo does not understand the project.
    #[error("cargo cannot read the project in {dir}:\n{said}")]
    Metadata {
        /// The folder.
        dir: PathBuf,
        /// cargo's own words.
        said: String,
    },
    /// cargo would have to fetch crates, and cannot.
    #[error(
        "cargo cannot fetch what the project in {dir} depends on: that takes a network once (check it, and cargo's proxy; leave out --offline), and none after that:\n{said}"
    )]
    Crates {
        /// The folder.
        dir: PathBuf,
        /// cargo's own words.
        said: String,
    },
    /// The toolchain is not one that understands the project.
    #[error(transparent)]
    Toolchain(Box<object::Error>),
    /// cargo would put its files where it cannot work.
    #[error(
        "drivers would be built in {target}, and cargo cannot build in a folder with a colon in its path: move the project, or set CARGO_TARGET_DIR to a folder without one"
    )]
    Colon {
        /// The target folder.
        target: PathBuf,
    },
    /// What cargo printed is not what is expected of it.
    #[error(
        "cargo described the project in {dir} in a form that is not understood: is it the cargo of rustup?"
    )]
    Form {
        /// The folder.
        dir: PathBuf,
        /// What is wrong with it.
        source: cargo_metadata::Error,
    },
    /// A driver's single source is not there, or cannot be read.
    #[error("cannot read the driver's source {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What is given as a driver's single source is something else.
    #[error(
        "{path} is no source of a driver: --source takes one .rs file, named in letters, digits, `_` and `-`; what has a Cargo.toml is built from inside of its folder"
    )]
    NoSource {
        /// The path.
        path: PathBuf,
    },
    /// A driver's single source is plain Rust.
    #[error(
        "{path} is no driver: it has no `module! {{ ... }}`, which names the type that is the driver"
    )]
    NoModule {
        /// The file.
        path: PathBuf,
    },
    /// The package around a single source could not be written.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// cargo could not be run.
    #[error(transparent)]
    Process(#[from] koxide_process::Error),
}

impl Error {
    /// What is to be installed before this can succeed.
    pub fn missing(&self) -> Option<Need> {
        match self {
            Self::Process(error) => Need::of(error),
            Self::Toolchain(error) => error.missing(),
            _ => None,
        }
    }
}

/// Why cargo does not understand a project: that its cargo is another one is likelier than what cargo says.
pub(super) fn unreadable(dir: &Path, said: String) -> Error {
    match Toolchain::of(dir).and_then(|toolchain| toolchain.check()) {
        Err(
            error @ (object::Error::NoToolchain { .. }
            | object::Error::NotRustup { .. }
            | object::Error::Version { .. }),
        ) => Error::Toolchain(Box::new(error)),
        _ if is_about_network(&said) => Error::Crates {
            dir: dir.to_owned(),
            said,
        },
        _ => Error::Metadata {
            dir: dir.to_owned(),
            said,
        },
    }
}

fn is_about_network(said: &str) -> bool {
    let marks = [
        "failed to download",
        "download of",
        "spurious network error",
        "offline mode (--offline)",
        "--offline was specified",
    ];
    marks.iter().any(|mark| said.contains(mark))
}

fn drivers_here(known: &[String]) -> String {
    if known.is_empty() {
        "; there is no driver here: make one with `cargo koxide new NAME --class misc`".to_owned()
    } else {
        format!("; the drivers are {}", known.join(", "))
    }
}

fn ambiguous(drivers: &[String]) -> String {
    if drivers.is_empty() {
        "there is no driver here: make one with `cargo koxide new NAME --class misc`".to_owned()
    } else {
        format!("which driver? Choose one with -p: {}", drivers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_network_is_needed_for_is_told_apart() {
        let temp = tempfile::tempdir().unwrap();
        let host = "error: failed to get `x`\n\nCaused by:\n  download of config.json failed\n";
        assert!(matches!(
            unreadable(temp.path(), host.to_owned()),
            Error::Crates { .. }
        ));
        let edition = "error: failed to parse manifest at `/w/Cargo.toml`\n";
        assert!(matches!(
            unreadable(temp.path(), edition.to_owned()),
            Error::Metadata { .. }
        ));
    }
}
