// SPDX-License-Identifier: MIT OR Apache-2.0

//! Machines that lack something: a search path without a program, a namespace without a network.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::scratch;

/// A folder with a link to each program of this machine, but some.
pub(crate) struct Programs {
    folder: TempDir,
}

impl Programs {
    /// All programs whose name does not begin with one of these.
    pub(crate) fn without(names: &[&str]) -> Self {
        let folder = scratch("programs-");
        let search = std::env::var_os("PATH").unwrap();
        for dir in std::env::split_paths(&search) {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if !names.iter().any(|gone| name.starts_with(gone)) {
                    // The first of a name is the one that counts.
                    let _ = symlink(entry.path(), folder.path().join(name));
                }
            }
        }
        Self { folder }
    }

    /// Adds a script.
    pub(crate) fn script(self, name: &str, text: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join(name);
        let _ = std::fs::remove_file(&path);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    /// The search path that has nothing else.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Where a program of this machine is.
pub(crate) fn which(name: &str) -> PathBuf {
    let search = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&search)
        .map(|dir| dir.join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no {name} in {search:?}"))
}

/// `unshare` with this option, as root or as the user that becomes root in a namespace of its own; none where the
/// system allows neither.
fn unshare(option: &str) -> Option<Command> {
    let attempts: [&[&str]; 2] = [&[option], &["--map-root-user", option]];
    for arguments in attempts {
        let mut command = Command::new("unshare");
        command.args(arguments);
        let works = Command::new("unshare").args(arguments).arg("true").output();
        if works.is_ok_and(|output| output.status.success()) {
            return Some(command);
        }
    }
    assert!(
        !nix::unistd::geteuid().is_root(),
        "root cannot make a namespace with `unshare {option}`"
    );
    eprintln!("not tested: this system does not let a user make namespaces (unshare {option})");
    None
}

/// Puts a command into another one that ends with `words`.
fn inside(mut outer: Command, inner: &Command, words: &[OsString]) -> Command {
    outer
        .args(words)
        .arg(inner.get_program())
        .args(inner.get_args());
    if let Some(dir) = inner.get_current_dir() {
        outer.current_dir(dir);
    }
    for (key, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(key, value),
            None => outer.env_remove(key),
        };
    }
    outer
}

/// The command as the program that a terminal belongs to: the one that its standard input will be.
pub(crate) fn inside_terminal(command: &Command) -> Command {
    let mut setsid = Command::new("setsid");
    setsid.args(["--ctty", "--wait"]);
    inside(setsid, command, &[])
}

/// The command on a machine without a network; none where that cannot be had.
pub(crate) fn without_network(command: &Command) -> Option<Command> {
    Some(inside(unshare("--net")?, command, &[]))
}

/// The command with something else mounted: a shell mounts it, runs the command, and looks at what it left. Both
/// scripts know `$folder`. None where that cannot be had.
pub(crate) fn mounted(
    command: &Command,
    folder: &Path,
    mount: &str,
    look: &str,
) -> Option<Command> {
    let script = format!(
        "folder=$1; shift; set -e; {mount}; set +e; \"$@\"; status=$?; {look}; exit $status"
    );
    let words = ["sh", "-c", &script, "sh"].map(OsString::from);
    let words = [&words[..], &[folder.into()]].concat();
    Some(inside(unshare("--mount")?, command, &words))
}
