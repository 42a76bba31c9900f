// SPDX-License-Identifier: MIT OR Apache-2.0

//! A driver that is a single file, as upstream's samples are: a package is made around it.
//!
//! The file stays where it is, and says nothing of how it is built. What upstream's build says to the compiler for
//! such a file, the package's manifest says here: the edition, `no_std`, and the language features that upstream allows.

use std::path::{Path, PathBuf};

use crate::cache;
use crate::kernels::store::digest;

use super::{Error, Project, Result};

/// The library that such a driver is built with.
#[derive(Debug)]
pub struct Library {
    /// The folder of the package `koxide`.
    pub koxide: PathBuf,
    /// The folder of the package `koxide-guest`.
    pub guest: PathBuf,
    /// The versions that both were tried with: a Cargo.lock.
    pub lock: String,
    /// The toolchain that both are built with: a rust-toolchain.toml.
    pub toolchain: String,
}

/// The edition of upstream's Rust code.
const EDITION: &str = "2021";

/// What upstream's build says to the compiler for a module's file.
const RUSTC_ARGS: [&str; 4] = [
    "-Zcrate-attr=no_std",
    "-Zcrate-attr=feature(arbitrary_self_types, used_with_arg)",
    "-Aunused_features",
    "-Astable_features",
];

/// Makes the package of the driver in `file`, and returns it as a project.
///
/// `outer` is the project that the user is in: the driver is built with what was built there already. Without one,
/// `target` is cargo's target folder.
///
/// # Errors
/// [`Error::Unreadable`], [`Error::NoSource`], [`Error::Cache`], or those of [`Project::discover`].
pub fn of_source(
    file: &Path,
    library: &Library,
    outer: Option<&Project>,
    target: &Path,
    offline: bool,
) -> Result<Project> {
    let (file, name) = examine(file)?;
    let target = outer.map_or(target, Project::target_dir);
    let dir = target
        .join("koxide/source")
        .join(format!("{name}-{}", digest(&file.to_string_lossy())));
    let manifest = manifest(&file, &name, library);
    cache::write_if_changed(&dir.join("Cargo.toml"), manifest.as_bytes())?;
    cache::write_if_changed(
        &dir.join("rust-toolchain.toml"),
        library.toolchain.as_bytes(),
    )?;
    let lock = dir.join("Cargo.lock");
    if !lock.exists() {
        cache::write(&lock, library.lock.as_bytes())?;
    }
    let project = Project::discover(&dir, offline)?;
    Ok(project.with_target_dir(target).with_output_dir(dir))
}

/// The file's whole path, and the name that a package has for it.
fn examine(path: &Path) -> Result<(PathBuf, String)> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let no_source = || Error::NoSource {
        path: path.to_owned(),
    };
    let file = path.canonicalize().map_err(unreadable)?;
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let name = stem.unwrap_or_default().replace('-', "_");
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !file.is_file() || path.extension().is_none_or(|e| e != "rs") || !is_name {
        return Err(no_source());
    }
    if file.to_str().is_none() {
        return Err(no_source());
    }
    // cargo would name its manifest when it cannot read the file, and the compiler a missing panic handler.
    let text = std::fs::read(&file).map_err(unreadable)?;
    if !text.windows(6).any(|window| window == b"module") {
        return Err(Error::NoModule { path: file });
    }
    Ok((file, name))
}

fn manifest(file: &Path, name: &str, library: &Library) -> String {
    let text = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned()).to_string();
    // Messages of the driver name its file alone, wherever it was.
    let remap = format!(
        "--remap-path-prefix={}=",
        file.parent().unwrap_or(Path::new("/")).display()
    );
    let mut args: Vec<String> = RUSTC_ARGS.map(str::to_owned).to_vec();
    args.push(remap);
    let args = toml::Value::from(args);
    format!(
        "# Made by cargo koxide around {file}.\n\
         [package]\n\
         name = \"{name}\"\n\
         version = \"0.0.0\"\n\
         edition = \"{EDITION}\"\n\
         publish = false\n\n\
         [lib]\n\
         path = {file}\n\n\
         [dependencies]\n\
         koxide = {{ path = {koxide} }}\n\n\
         [dev-dependencies]\n\
         koxide-guest = {{ path = {guest} }}\n\n\
         [package.metadata.koxide]\n\
         rustc-args = {args}\n\n\
         [workspace]\n",
        file = text(file),
        koxide = text(&library.koxide),
        guest = text(&library.guest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_name_for_its_package() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("my-first.rs");
        std::fs::write(&file, "module! {}").unwrap();
        let (path, name) = examine(&file).unwrap();
        assert_eq!(name, "my_first");
        assert!(path.is_absolute());
    }

    #[test]
    fn what_is_no_source_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.c", "ä.rs", "1.rs", "a b.rs"] {
            let file = dir.path().join(name);
            std::fs::write(&file, "").unwrap();
            let error = examine(&file).unwrap_err();
            assert!(matches!(error, Error::NoSource { .. }), "{name}: {error}");
        }
        let file = dir.path().join("plain.rs");
        std::fs::write(&file, "fn main() {}").unwrap();
        let error = examine(&file).unwrap_err();
        assert!(matches!(error, Error::NoModule { .. }), "{error}");
        let error = examine(dir.path()).unwrap_err();
        assert!(matches!(error, Error::NoSource { .. }), "{error}");
        let error = examine(&dir.path().join("none.rs")).unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    }

    #[test]
    fn the_manifest_survives_strange_paths() {
        let library = Library {
            koxide: "/l/ko\"xide".into(),
            guest: "/l/guest".into(),
            lock: String::new(),
            toolchain: String::new(),
        };
        let text = manifest(Path::new("/home/a \"b\"/c.rs"), "c", &library);
        let value: toml::Table = text.parse().unwrap();
        assert_eq!(value["lib"]["path"].as_str(), Some("/home/a \"b\"/c.rs"));
        assert_eq!(
            value["dependencies"]["koxide"]["path"].as_str(),
            Some("/l/ko\"xide")
        );
        let args = &value["package"]["metadata"]["koxide"]["rustc-args"];
        assert_eq!(
            args.as_array().unwrap().last().unwrap().as_str(),
            Some("--remap-path-prefix=/home/a \"b\"=")
        );
    }
}
