// SPDX-License-Identifier: MIT OR Apache-2.0

//! The project that a command works on: which drivers it has, and where the shims are.

mod crates;
mod error;
mod settings;
mod source;

use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, TargetKind};
use koxide_process::Command;

pub use crates::Crate;
pub use error::Error;
use error::unreadable;
use settings::{Panic, Settings};
pub use source::{Library, of_source};

/// The package that makes a package a driver when it depends on it.
const LIBRARY: &str = "koxide";

type Result<T, E = Error> = std::result::Result<T, E>;

/// A cargo workspace with drivers in it.
#[derive(Debug)]
pub struct Project {
    dir: PathBuf,
    root: PathBuf,
    target: PathBuf,
    /// Where objects and modules are put; without it, where all drivers' are.
    output: Option<PathBuf>,
    library: Option<PathBuf>,
    /// The library, where it is a package of this workspace.
    library_package: Option<Driver>,
    abi: PathBuf,
    guest: Option<PathBuf>,
    drivers: Vec<Driver>,
    packages: Vec<(String, &'static str)>,
    without_examples: Vec<String>,
    crates: Vec<Crate>,
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
    /// The edition of its code.
    pub edition: String,
    /// What the package says of itself.
    pub description: String,
    /// The names of its integration tests (`tests/*.rs`).
    pub tests: Vec<String>,
    /// The names of the programs that measure it (`benches/*.rs`).
    pub benches: Vec<String>,
    /// Options for the compiler that its manifest asks for: `rustc-args` in `[package.metadata.koxide]`.
    pub rustc_args: Vec<String>,
    /// A panic of it is to be the end of the thread, and is not contained: `panic = "abort"` in `[package.metadata.koxide]`.
    pub aborts: bool,
    /// Programs that its tests run, by name, of this machine or else of busybox: `programs` of `[package.metadata.koxide]`.
    pub programs: Vec<String>,
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
        let mut roots = Vec::new();
        for package in metadata.workspace_packages() {
            match lacks(package) {
                None => {
                    drivers.push(driver(package)?);
                    roots.push(package);
                }
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
            library: folder(LIBRARY),
            library_package: metadata
                .workspace_packages()
                .into_iter()
                .find(|p| p.name == LIBRARY)
                .map(driver)
                .transpose()?,
            guest: folder("koxide-guest"),
            output: None,
            root: metadata.workspace_root.as_std_path().to_owned(),
            drivers,
            packages,
            without_examples: without_examples(metadata),
            crates: crates::below(metadata, &roots),
            dir,
        })
    }

    /// The same project with another target folder.
    #[must_use]
    pub fn with_target_dir(mut self, target: impl Into<PathBuf>) -> Self {
        self.target = target.into();
        self
    }

    /// The same project with another folder for objects and modules, where they do not meet another project's.
    #[must_use]
    pub fn with_output_dir(mut self, output: impl Into<PathBuf>) -> Self {
        self.output = Some(output.into());
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

    /// The crates of others whose code is in the drivers' objects.
    pub fn crates(&self) -> &[Crate] {
        &self.crates
    }

    /// The packages whose library says `doctest = false`, which cargo overlooks where it is asked for examples alone.
    pub fn without_examples(&self) -> &[String] {
        &self.without_examples
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

    /// The folder for objects and modules, each below the name of an architecture or a release.
    pub fn output_dir(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| self.koxide_dir())
    }

    /// The library itself, where it is a package of this workspace: it is no driver, and has examples to be tested.
    pub fn library(&self) -> Option<&Driver> {
        self.library_package.as_ref()
    }

    /// The folder of the package `koxide`, unless it is another's library that the drivers use.
    pub fn library_dir(&self) -> Option<&Path> {
        self.library.as_deref()
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
    pub fn guest_dir(&self) -> Option<&Path> {
        self.guest.as_deref()
    }
}

/// The packages of the workspace whose library is not to be asked for examples.
fn without_examples(metadata: &Metadata) -> Vec<String> {
    let says_so = |package: &&Package| {
        let mut libraries = package.targets.iter();
        libraries.any(|t| t.kind.contains(&TargetKind::Lib) && !t.doctest)
    };
    let packages = metadata.workspace_packages().into_iter();
    packages
        .filter(says_so)
        .map(|package| package.name.to_string())
        .collect()
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

fn driver(package: &Package) -> Result<Driver> {
    let settings = Settings::of(package)?;
    let manifest = package.manifest_path.as_std_path().to_owned();
    let targets = |kind: TargetKind| -> Vec<String> {
        let of_kind = package.targets.iter().filter(|t| t.kind.contains(&kind));
        let mut names: Vec<String> = of_kind.map(|t| t.name.clone()).collect();
        names.sort();
        names
    };
    Ok(Driver {
        package: package.name.to_string(),
        module: package.name.replace('-', "_"),
        dir: manifest.parent().unwrap_or(Path::new("/")).to_owned(),
        manifest,
        edition: package.edition.to_string(),
        description: package.description.clone().unwrap_or_default(),
        rustc_args: settings.rustc_args,
        aborts: settings.panic == Panic::Abort,
        tests: targets(TargetKind::Test),
        benches: targets(TargetKind::Bench),
        programs: settings.programs,
    })
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
            edition: "2024".to_owned(),
            description: String::new(),
            tests: Vec::new(),
            benches: Vec::new(),
            rustc_args: Vec::new(),
            aborts: false,
            programs: Vec::new(),
        };
        Project {
            dir: dir.into(),
            root: "/w".into(),
            target: "/w/target".into(),
            abi: "/w/kernel/koxide-abi".into(),
            output: None,
            library: None,
            library_package: None,
            guest: None,
            drivers: drivers.iter().map(driver).collect(),
            crates: Vec::new(),
            packages: vec![("xtask".to_owned(), "it does not depend on `koxide`")],
            without_examples: Vec::new(),
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
    fn a_broken_manifest_gives_cargos_words() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("Cargo.toml"), "[package\n").unwrap();
        let error = Project::discover(temp.path(), true).unwrap_err();
        assert!(matches!(error, Error::Metadata { .. }), "{error}");
    }
}
