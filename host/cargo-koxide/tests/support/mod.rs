// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the tests of the command share: the command itself, in an environment that says nothing of its own.

// Each file of tests is a program of its own, and none uses everything here.
#![allow(dead_code, reason = "shared by several programs")]

pub(crate) mod cache;
pub(crate) mod process;
pub(crate) mod sandbox;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

pub(crate) use process::run;

/// The exit statuses that the README promises.
pub(crate) const FAILED: i32 = 1;
pub(crate) const USAGE: i32 = 2;
pub(crate) const MISSING: i32 = 3;
pub(crate) const CRASHED: i32 = 4;
pub(crate) const INTERRUPTED: i32 = 130;

/// The kernel that the tests of one kernel use.
pub(crate) const KERNEL: &str = "debian:bookworm";

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The command, as cargo would call it, in a folder.
pub(crate) fn koxide(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-kx"));
    command
        .arg("kx")
        .current_dir(dir)
        .env_remove("NO_COLOR")
        .env_remove("RUSTC_BOOTSTRAP")
        .env_remove("SUDO_UID");
    command
}

/// The target folder of packages that tests make: shared, so that Rust's core library is compiled once.
pub(crate) fn shared_target() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    target.join("koxide-tests")
}

/// The folder for what a test makes, on the disk where builds are: some machines keep /tmp in memory.
pub(crate) fn scratch(prefix: &str) -> TempDir {
    tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
        .unwrap()
}

/// What a command wrote and how it ended, for assertions that show all of it when they fail.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Fails unless the command ended with this status.
    #[track_caller]
    pub(crate) fn with(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{self}");
        self
    }

    /// Fails unless the output or the error has this text.
    #[track_caller]
    pub(crate) fn saying(self, text: &str) -> Self {
        assert!(
            self.stdout.contains(text) || self.stderr.contains(text),
            "it does not say {text:?}:\n{self}"
        );
        self
    }

    /// Fails if the output or the error has this text.
    #[track_caller]
    pub(crate) fn not_saying(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "it says {text:?}:\n{self}"
        );
        self
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "status {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.status, self.stdout, self.stderr
        )
    }
}

/// Runs the command in a folder with these words.
pub(crate) fn koxide_in(dir: &Path, words: &[&str]) -> Ended {
    run(koxide(dir).args(words))
}

/// Whether a command could not use a kernel for want of something on this machine, which is said. In CI nothing may be wanting.
pub(crate) fn left_out(ended: &Ended, kernel: &str) -> bool {
    if ended.status != Some(MISSING) {
        return false;
    }
    let (_, why) = ended.stderr.split_once("error: ").unwrap();
    let note = format!("not tried on {kernel}: {}", why.replace('\n', " "));
    assert!(std::env::var_os("CI").is_none(), "{note}");
    println!("NOTE: {note}");
    true
}

/// A driver package that `new` made, in a folder of its own.
pub(crate) struct Package {
    folder: TempDir,
    name: String,
}

impl Package {
    /// A new package; `folder` is part of the name of the folder that it is made in.
    pub(crate) fn new(name: &str, folder: &str) -> Self {
        let folder = scratch(folder);
        koxide_in(folder.path(), &["new", name, "--class", "misc"]).with(0);
        Self {
            folder,
            name: name.to_owned(),
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Changes a file of it; the text to replace has to be there.
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}:\n{text}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Writes a file of it.
    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path().join(file), text).unwrap();
    }

    /// Removes its modules, so that the next build has to make them.
    pub(crate) fn forget_modules(&self) {
        let module = format!("{}.ko", self.name);
        for kernel in std::fs::read_dir(shared_target().join("koxide")).unwrap() {
            // Not every folder there is a kernel's.
            let _ = std::fs::remove_file(kernel.unwrap().path().join(&module));
        }
    }

    /// Runs the command in it with these words.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        run(self.koxide().args(words))
    }

    /// The command in it.
    pub(crate) fn koxide(&self) -> Command {
        let mut command = koxide(&self.path());
        command.env("CARGO_TARGET_DIR", shared_target());
        command
    }
}
