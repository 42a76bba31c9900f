// SPDX-License-Identifier: MIT OR Apache-2.0

//! The shell and the commands in the machine: a static busybox of the machine's architecture.

use std::fs;
use std::path::PathBuf;

use koxide_guest::protocol::paths;
use koxide_process::find;

use crate::error::{Error, Need};
use crate::initramfs::Archive;
use crate::plan::Kernel;
use crate::tools;

/// How the table of names begins that every busybox has in it: sorted, each ended by a zero byte, an empty one at its end.
const FIRST_NAMES: &[u8] = b"[\0[[\0";

/// A busybox, and what it can do.
#[derive(Debug)]
pub(crate) struct Busybox {
    path: PathBuf,
    applets: Vec<String>,
}

impl Busybox {
    /// The one for a kernel's machine; none when there is none.
    pub(crate) fn of(kernel: &Kernel) -> Result<Option<Self>, Error> {
        let own = || kernel.arch.is_this_machine().then(|| find("busybox"));
        let Some(path) = kernel.busybox.clone().or_else(|| own().flatten()) else {
            return Ok(None);
        };
        let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
        let applets = applets(&bytes);
        Ok(Some(Self { path, applets }))
    }

    /// What is wrong when a machine needs one, and there is none.
    pub(crate) fn missing(kernel: &Kernel) -> Error {
        if kernel.arch.is_this_machine() {
            return Error::Missing(Need::Busybox);
        }
        Error::NoBusybox {
            arch: kernel.arch,
            release: kernel.release.clone(),
        }
    }

    /// Whether it is a program of this name, too.
    pub(crate) fn has(&self, program: &str) -> bool {
        self.applets.iter().any(|applet| applet == program)
    }

    /// Adds it under all its names, but those that the init has.
    pub(crate) fn add_to(&self, archive: &mut Archive) -> Result<(), Error> {
        tools::add_program(archive, &self.path, &format!("{}/busybox", paths::BIN))?;
        for applet in &self.applets {
            let path = format!("{}/{applet}", paths::BIN);
            if !archive.has(&path) {
                archive.link(&path, "busybox")?;
            }
        }
        Ok(())
    }
}

/// The names in a busybox: one of another architecture cannot be asked.
fn applets(busybox: &[u8]) -> Vec<String> {
    let starts = busybox.windows(FIRST_NAMES.len());
    let Some(start) = starts.into_iter().position(|bytes| bytes == FIRST_NAMES) else {
        return Vec::new();
    };
    busybox[start..]
        .split(|byte| *byte == 0)
        .map_while(|name| std::str::from_utf8(name).ok())
        .take_while(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use koxide_process::Command;

    use super::*;

    #[test]
    fn the_names_are_those_that_it_lists_itself() {
        let Some(busybox) = find("busybox") else {
            eprintln!("not tested: this machine has no busybox");
            return;
        };
        let listed = Command::new(&busybox).arg("--list").output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let names = applets(&fs::read(busybox).unwrap());
        assert_eq!(names, listed.lines().collect::<Vec<_>>());
        assert!(names.len() > 10, "{names:?}");
    }

    #[test]
    fn a_program_without_the_table_is_nothing_else() {
        assert_eq!(applets(b"\x7fELF and [ more"), [""; 0]);
        assert_eq!(applets(b"x\0[\0[[\0ls\0\0rest\0"), ["[", "[[", "ls"]);
    }
}
