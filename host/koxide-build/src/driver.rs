// SPDX-License-Identifier: MIT OR Apache-2.0

//! The project that a command works on: which drivers it has, and where the shims are.

use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};
use koxide_process::Command;

use crate::need::Need;
use crate::object::{self, Toolchain};

/// The package that makes a package a driver when it depends on it.
const LIBRARY: &str = "koxide";

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
fn unreadable(dir: &Path, said: String) -> Error {
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

type Result<T, E = Error> = std::result::Result<T, E>;

/// A cargo workspace with drivers in it.
#[derive(Debug)]
pub struct Project {
    dir: PathBuf,
    root: PathBuf,
    target: PathBuf,
    abi: PathBuf,
    guest: Option<PathBuf>,
    drivers: Vec<Driver>,
    packages: Vec<(String, &'static str)>,
}

/// A driver's package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// The package's name.
    pub package: String,
    /// The module's name as it follows from the package's; `module!` may say another.
    pub module: String,
    /// The package's folder.
    pub dir: PathBuf,
    /// The package's manifest.
    pub manifest: PathBuf,
    /// What the package says of itself.
    pub description: String,
    /// The names of its integration tests (`tests/*.rs`).
    pub tests: Vec<String>,
}

impl Project {
    /// Asks cargo about the project that `dir` is part of.
    ///
    /// # Errors
    /// Any [`Error`] but those about a driver's name.
    pub fn discover(dir: &Path, offline: bool) -> Result<Self> {
        let dir = std::path::absolute(dir).unwrap_or(dir.to_owned());
        if !dir.ancestors().any(|d| d.join("Cargo.toml").is_file()) {
            return Err(Error::NoManifest { dir });
        }
        let mut command = Command::new("cargo");
        command
            .args(["metadata", "--format-version", "1"])
            .current_dir(&dir);
        if offline {
            command.arg("--offline");
        }
        let output = command.output().map_err(|error| match error {
            koxide_process::Error::Failed { stderr, .. } => unreadable(&dir, stderr),
            other => other.into(),
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let metadata = MetadataCommand::parse(text).map_err(|source| Error::Form {
            dir: dir.clone(),
            source,
        })?;
        Self::from_metadata(dir, &metadata)
    }

    fn from_metadata(dir: PathBuf, metadata: &Metadata) -> Result<Self> {
        let folder = |name: &str| {
            let package = metadata.packages.iter().find(|p| p.name.as_str() == name)?;
            Some(package.manifest_path.parent()?.as_std_path().to_owned())
        };
        let mut drivers = Vec::new();
        let mut packages = Vec::new();
        for package in metadata.workspace_packages() {
            match lacks(package) {
                None => drivers.push(driver(package)),
                Some(why) => packages.push((package.name.to_string(), why)),
            }
        }
        drivers.sort_by(|a, b| a.package.cmp(&b.package));
        let manifest = metadata.workspace_root.join("Cargo.toml");
        // cargo puts the folder into variables that are lists with colons.
        if metadata.target_directory.as_str().contains(':') {
            return Err(Error::Colon {
                target: metadata.target_directory.as_std_path().to_owned(),
            });
        }
        Ok(Self {
            target: metadata.target_directory.as_std_path().to_owned(),
            abi: folder("koxide-abi").ok_or_else(|| Error::NoAbi {
                manifest: manifest.into_std_path_buf(),
            })?,
            guest: folder("koxide-guest"),
            root: metadata.workspace_root.as_std_path().to_owned(),
            drivers,
            packages,
            dir,
        })
    }

    /// The same project with another target folder.
    #[must_use]
    pub fn with_target_dir(mut self, target: impl Into<PathBuf>) -> Self {
        self.target = target.into();
        self
    }

    /// The driver of that name; without a name the one of the current folder, else the only one.
    ///
    /// # Errors
    /// [`Error::NoSuchPackage`], [`Error::NotADriver`] or [`Error::AmbiguousDriver`].
    pub fn driver(&self, name: Option<&str>) -> Result<&Driver> {
        let known = || self.drivers.iter().map(|d| d.package.clone()).collect();
        let Some(name) = name else {
            let here = self.drivers.iter().filter(|d| self.dir.starts_with(&d.dir));
            if let Some(driver) = here.max_by_key(|d| d.dir.components().count()) {
                return Ok(driver);
            }
            return match self.drivers.as_slice() {
                [only] => Ok(only),
                _ => Err(Error::AmbiguousDriver { known: known() }),
            };
        };
        if let Some(driver) = self.drivers.iter().find(|d| d.package == name) {
            return Ok(driver);
        }
        match self.packages.iter().find(|(package, _)| package == name) {
            Some((_, why)) => Err(Error::NotADriver {
                name: name.to_owned(),
                why,
                known: known(),
            }),
            None => Err(Error::NoSuchPackage {
                name: name.to_owned(),
                known: known(),
            }),
        }
    }

    /// All drivers, sorted by name.
    pub fn drivers(&self) -> &[Driver] {
        &self.drivers
    }

    /// The folder that the search began in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The workspace's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// cargo's target folder.
    pub fn target_dir(&self) -> &Path {
        &self.target
    }

    /// The folder for everything that is built for kernels.
    pub fn koxide_dir(&self) -> PathBuf {
        self.target.join("koxide")
    }

    /// The folder of the package `koxide-abi`, with `shims/` and `include/`.
    pub fn abi_dir(&self) -> &Path {
        &self.abi
    }

    /// Whether the programs for the inside of a virtual machine can be built from this project.
    pub fn has_guest(&self) -> bool {
        self.guest.is_some()
    }

    /// The folder of the package `koxide-guest`.
    pub(crate) fn guest_dir(&self) -> Option<&Path> {
        self.guest.as_deref()
    }
}

/// What a package lacks to be a driver.
fn lacks(package: &Package) -> Option<&'static str> {
    let uses =
        |d: &cargo_metadata::Dependency| d.name == LIBRARY && d.kind == DependencyKind::Normal;
    if !package.dependencies.iter().any(uses) {
        return Some("it does not depend on `koxide`");
    }
    let has_lib = package
        .targets
        .iter()
        .any(|t| t.kind.contains(&TargetKind::Lib));
    (!has_lib).then_some("it has no library (src/lib.rs)")
}

fn driver(package: &Package) -> Driver {
    let manifest = package.manifest_path.as_std_path().to_owned();
    let is_test = |t: &&cargo_metadata::Target| t.kind.contains(&TargetKind::Test);
    let mut tests: Vec<String> = package
        .targets
        .iter()
        .filter(is_test)
        .map(|t| t.name.clone())
        .collect();
    tests.sort();
    Driver {
        package: package.name.to_string(),
        module: package.name.replace('-', "_"),
        dir: manifest.parent().unwrap_or(Path::new("/")).to_owned(),
        manifest,
        description: package.description.clone().unwrap_or_default(),
        tests,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(drivers: &[&str], dir: &str) -> Project {
        let driver = |name: &&str| Driver {
            package: (*name).to_owned(),
            module: (*name).to_owned(),
            dir: Path::new("/w/drivers").join(name),
            manifest: Path::new("/w/drivers").join(name).join("Cargo.toml"),
            description: String::new(),
            tests: Vec::new(),
        };
        Project {
            dir: dir.into(),
            root: "/w".into(),
            target: "/w/target".into(),
            abi: "/w/kernel/koxide-abi".into(),
            guest: None,
            drivers: drivers.iter().map(driver).collect(),
            packages: vec![("xtask".to_owned(), "it does not depend on `koxide`")],
        }
    }

    #[test]
    fn the_folder_chooses_the_driver() {
        let here = project(&["a", "b"], "/w/drivers/b/src");
        assert_eq!(here.driver(None).unwrap().package, "b");
        assert_eq!(here.driver(Some("a")).unwrap().package, "a");
        assert_eq!(project(&["a"], "/w").driver(None).unwrap().package, "a");
    }

    #[test]
    fn errors_list_the_drivers() {
        let two = project(&["a", "b"], "/w");
        let say = |name| two.driver(name).unwrap_err().to_string();
        assert_eq!(say(None), "which driver? Choose one with -p: a, b");
        assert_eq!(
            say(Some("c")),
            "there is no package `c` here; the drivers are a, b"
        );
        assert_eq!(
            say(Some("xtask")),
            "the package `xtask` is not a driver: it does not depend on `koxide`; the drivers are a, b"
        );
        let none = project(&[], "/w").driver(None).unwrap_err().to_string();
        assert!(none.contains("cargo koxide new"), "{none}");
    }

    #[test]
    fn a_folder_without_a_manifest_is_named() {
        let temp = tempfile::tempdir().unwrap();
        let error = Project::discover(temp.path(), true).unwrap_err();
        assert!(matches!(error, Error::NoManifest { .. }));
        assert!(error.to_string().contains(temp.path().to_str().unwrap()));
    }

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

    #[test]
    fn a_broken_manifest_gives_cargos_words() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("Cargo.toml"), "[package\n").unwrap();
        let error = Project::discover(temp.path(), true).unwrap_err();
        assert!(matches!(error, Error::Metadata { .. }), "{error}");
    }
}
