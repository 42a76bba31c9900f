// SPDX-License-Identifier: MIT OR Apache-2.0

//! Caches that tests may break: copies of the user's own, whose files are shared.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{KERNEL, koxide_in, repository};

/// The user's cache, with the kernel of the tests in it.
pub(crate) fn of_user() -> PathBuf {
    koxide_in(&repository(), &["kernel", "add", KERNEL]).with(0);
    let list = koxide_in(&repository(), &["kernel", "list"]).with(0).stdout;
    let (_, path) = list.lines().last().unwrap().split_once(" in ").unwrap();
    PathBuf::from(path)
}

/// A copy of the user's cache.
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    /// Links every file, which takes no space; what is done to the copy leaves the user's cache alone.
    pub(crate) fn new(prefix: &str) -> Self {
        let user = of_user();
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in(user.parent().unwrap())
            .unwrap();
        let copied = Command::new("cp")
            .arg("-al")
            .arg(&user)
            .arg(folder.path().join("koxide"))
            .status();
        assert!(copied.unwrap().success());
        Self { folder }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("koxide")
    }
}

/// The files and folders in a cache that say that something was fetched, or was begun to be.
pub(crate) fn holds(cache: &Path) -> Vec<PathBuf> {
    let inside = |name: &str| {
        let entries = std::fs::read_dir(cache.join(name)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path())
    };
    ["kernels", "names", "tmp", "apt"]
        .into_iter()
        .flat_map(inside)
        .collect()
}
