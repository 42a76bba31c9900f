// SPDX-License-Identifier: MIT OR Apache-2.0

//! The programs that make the C half of a module: this machine's, or those of a build root.

use std::path::{Path, PathBuf};

use koxide_process::Command;

use crate::cache;

use super::error::{Error, Result};

/// Enters a build root.
const ENTER: &str = include_str!("../../kbuild/enter.sh");

/// Where a user's search path may lack programs that a namespace needs.
const SYSTEM: [&str; 2] = ["/usr/sbin", "/sbin"];

/// The programs that make the C half of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tools {
    /// The compiler.
    pub(crate) compiler: String,
    /// Where they are, when they are not this machine's.
    pub(crate) root: Option<PathBuf>,
}

impl Tools {
    /// This machine's, with that compiler.
    pub(crate) fn here(compiler: &str) -> Self {
        Self {
            compiler: compiler.to_owned(),
            root: None,
        }
    }

    /// Those of a root, in the folder that the cache has for it.
    pub(crate) fn of_root(compiler: String, root: PathBuf) -> Result<Self> {
        cache::write_if_changed(&enter(&root), ENTER.as_bytes())?;
        Ok(Self {
            compiler,
            root: Some(root),
        })
    }

    /// A command that runs one of the programs, which needs these folders.
    pub(crate) fn command(&self, program: &str, folders: &[&Path]) -> Command {
        let Some(root) = &self.root else {
            return Command::new(program);
        };
        let mut command = namespace();
        command.arg("sh").args([&enter(root), root]);
        command.args(of_system(std::env::temp_dir()));
        command.args(folders).args(["--", program]);
        command
    }
}

/// What programs in a root see of this machine: objtool looks at `/proc`, the shell at `/dev`, and the compiler has files of
/// its own in the folder for those. It does without that one where a variable names none that can be had.
fn of_system(temporary: PathBuf) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from("/proc"), PathBuf::from("/dev")];
    folders.extend(Some(temporary).filter(|dir| dir.is_absolute() && dir.is_dir()));
    folders
}

/// Where the script is that enters a root.
fn enter(root: &Path) -> PathBuf {
    root.with_file_name("enter.sh")
}

/// A command in a mount namespace of its own; what it runs follows.
fn namespace() -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--mount", "--"]);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SYSTEM.iter().map(PathBuf::from));
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
    command
}

/// Sees that the system lets this user have a namespace.
pub(crate) fn may_enter(release: &str, compiler: &str) -> Result<()> {
    match namespace().arg("true").output() {
        Ok(_) => Ok(()),
        Err(koxide_process::Error::Failed { stderr, .. }) => Err(Error::NoNamespace {
            release: release.to_owned(),
            wanted: compiler.to_owned(),
            said: stderr.trim().to_owned(),
        }),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_folder_is_not_mounted() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        std::fs::write(&file, "").unwrap();
        let folder = temp.path().to_owned();
        assert_eq!(of_system(folder.clone()).last(), Some(&folder));
        // A relative one is meant from a folder that is not known here.
        for none in [file, temp.path().join("gone"), PathBuf::from("src")] {
            assert_eq!(of_system(none).len(), 2);
        }
    }
}
