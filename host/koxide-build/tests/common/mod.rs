// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the integration tests share: a toy driver in a folder of its own.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use koxide_build::kernels::{self, Kernel, Options};
use koxide_build::object::{self, Artefact, BuildOptions};
use koxide_build::{Cache, Project, Silent};

/// The folder of the package koxide-abi.
pub(crate) fn abi() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kernel/koxide-abi");
    dir.canonicalize().unwrap()
}

/// A fetched kernel.
pub(crate) fn kernel(name: &str) -> Kernel {
    let cache = Cache::from_env().unwrap();
    kernels::resolve(&cache, &name.parse().unwrap(), &Options::new(&Silent)).unwrap()
}

/// Copies the toy driver into a folder, and lets `edit` change its source.
pub(crate) fn toy(dir: &Path, edit: impl Fn(String) -> String) -> Project {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/toy");
    for file in [
        "Cargo.toml",
        "src/lib.rs",
        "koxide/Cargo.toml",
        "koxide/src/lib.rs",
    ] {
        let to = dir.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read_to_string(from.join(file)).unwrap();
        let text = text.replace("KOXIDE_ABI", abi().to_str().unwrap());
        let text = if file == "src/lib.rs" {
            edit(text)
        } else {
            text
        };
        fs::write(to, text).unwrap();
    }
    // The core library is compiled once for all tests; each has the rest for itself.
    let target = dir.join("target");
    fs::create_dir_all(target.join("koxide")).unwrap();
    let cargo = target.join("koxide/cargo");
    fs::create_dir_all(shared()).unwrap();
    if !cargo.exists() {
        std::os::unix::fs::symlink(shared(), cargo).unwrap();
    }
    let project = Project::discover(dir, false).unwrap();
    project.with_target_dir(target)
}

fn shared() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("toy-cargo")
}

/// Builds the toy's object.
pub(crate) fn object(project: &Project) -> Result<Artefact, object::Error> {
    let driver = project.driver(Some("toy")).unwrap();
    let mut options = BuildOptions::new(&Silent);
    options.quiet = true;
    // cargo names the archives of all toys alike.
    let lock = fs::File::create(shared().join("toy.lock")).unwrap();
    lock.lock().unwrap();
    object::build(project, driver, &options)
}
