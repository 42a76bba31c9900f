// SPDX-License-Identifier: MIT OR Apache-2.0

//! The library's own sources, which the command carries: a driver that it makes or builds needs no checkout.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use include_dir::{Dir, DirEntry, include_dir};
use koxide_build::driver::Library;
use koxide_build::{Cache, Project};
use sha2::{Digest as _, Sha256};
use toml_edit::{Array, DocumentMut};

static ABI: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kernel/koxide-abi");
static MACROS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kernel/koxide-macros");
static LIBRARY: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../kernel/koxide");
static GUEST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../koxide-guest");

const WORKSPACE: &str = include_str!("../../../Cargo.toml");
/// The versions that this command was built with: whoever has built it has them, network or not.
pub(crate) const LOCK: &str = include_str!("../../../Cargo.lock");
/// The toolchain that drivers are built with.
pub(crate) const TOOLCHAIN: &str = include_str!("../../../rust-toolchain.toml");

/// The crates that a driver stands on, by the folder that each has.
pub(crate) const CRATES: [(&str, &Dir<'_>); 4] = [
    ("koxide", &LIBRARY),
    ("koxide-abi", &ABI),
    ("koxide-macros", &MACROS),
    ("koxide-guest", &GUEST),
];

/// The library of a project.
pub(crate) fn of(project: &Project) -> anyhow::Result<Library> {
    let folder = |folder: Option<&Path>| folder.map(Path::to_owned).unwrap_or_default();
    let read =
        |name: &str, otherwise: &str| match std::fs::read_to_string(project.root().join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(otherwise.to_owned()),
            other => other.with_context(|| format!("cannot read the project's {name}")),
        };
    Ok(Library {
        koxide: folder(project.library_dir()),
        guest: folder(project.guest_dir()),
        lock: read("Cargo.lock", LOCK)?,
        toolchain: read("rust-toolchain.toml", TOOLCHAIN)?,
    })
}

/// The command's own library, in the cache.
pub(crate) fn own(cache: &Cache) -> anyhow::Result<Library> {
    let all = cache.library();
    let place = all.join(digest());
    let make = || -> anyhow::Result<()> {
        std::fs::create_dir_all(&all)?;
        let folder = tempfile::Builder::new().prefix(".new-").tempdir_in(&all)?;
        unpack(folder.path())?;
        // Another process may have been faster.
        match std::fs::rename(folder.path(), &place) {
            Ok(()) => drop(folder.keep()),
            Err(_) if place.exists() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    };
    if !place.exists() {
        make().with_context(|| format!("cannot put the library into {}", place.display()))?;
    }
    Ok(Library {
        koxide: place.join("koxide"),
        guest: place.join("koxide-guest"),
        lock: LOCK.to_owned(),
        toolchain: TOOLCHAIN.to_owned(),
    })
}

/// Tells one command's library from another's.
fn digest() -> String {
    fn add(hash: &mut Sha256, dir: &Dir<'_>) {
        for entry in dir.entries() {
            hash.update(entry.path().to_string_lossy().as_bytes());
            match entry {
                DirEntry::Dir(dir) => add(hash, dir),
                DirEntry::File(file) => hash.update(file.contents()),
            }
        }
    }
    let mut hash = Sha256::new();
    CRATES.iter().for_each(|(_, dir)| add(&mut hash, dir));
    hash.update(LOCK);
    let bytes = hash.finalize();
    bytes[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes the library into a folder, as a workspace of its own.
pub(crate) fn unpack(folder: &Path) -> anyhow::Result<()> {
    for (place, source) in CRATES {
        write(source, Path::new(""), &folder.join(place), &str::to_owned)?;
    }
    std::fs::write(folder.join("Cargo.toml"), workspace()?)?;
    std::fs::write(folder.join("Cargo.lock"), LOCK)?;
    Ok(())
}

/// Writes a folder of the command's own, each text changed by `change`.
pub(crate) fn write(
    source: &Dir<'_>,
    base: &Path,
    target: &Path,
    change: &dyn Fn(&str) -> String,
) -> anyhow::Result<()> {
    for entry in source.entries() {
        let path = entry.path().strip_prefix(base)?;
        let place = target.join(change(&path.to_string_lossy()));
        match entry {
            DirEntry::Dir(dir) => write(dir, base, target, change)?,
            DirEntry::File(file) => {
                let text = file.contents_utf8().context("a template holds text only")?;
                std::fs::create_dir_all(place.parent().unwrap_or(target))?;
                std::fs::write(place, change(text))?;
            }
        }
    }
    Ok(())
}

/// The workspace of the vendored crates: that of the repository, with other members.
fn workspace() -> anyhow::Result<String> {
    let mut manifest: DocumentMut = WORKSPACE.parse()?;
    let workspace = manifest["workspace"]
        .as_table_mut()
        .context("the repository is a workspace")?;
    workspace["members"] =
        toml_edit::value(CRATES.iter().map(|(place, _)| *place).collect::<Array>());
    if let Some(dependencies) = workspace["dependencies"].as_table_mut() {
        let vendored = |name: &str| CRATES.iter().any(|(place, _)| *place == name);
        // What leads to the rest of the repository leads nowhere here.
        dependencies.retain(|name, value| vendored(name) || value.get("path").is_none());
        for (place, _) in CRATES {
            if let Some(dependency) = dependencies.get_mut(place) {
                dependency["path"] = toml_edit::value(place);
            }
        }
    }
    manifest.remove("profile");
    Ok(manifest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendored_workspace_leads_nowhere_else() {
        let manifest = workspace().unwrap();
        assert!(
            !manifest.contains("host/") && !manifest.contains("kernel/"),
            "{manifest}"
        );
        assert!(manifest.contains("[workspace.lints"), "{manifest}");
    }
}
