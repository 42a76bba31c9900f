// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why a machine could not be built, booted or driven.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use koxide_process::interrupt::Interrupted;

use crate::arch::Arch;

/// A program that this machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// The emulator of an architecture.
    Qemu(Arch),
    /// The shell and small tools inside of the test machine.
    Busybox,
    /// What ties QEMU's life to that of this process.
    Setpriv,
    /// A program that a plan asks for.
    Program(String),
}

impl Need {
    /// The name of the program.
    pub fn program(&self) -> &str {
        match self {
            Self::Qemu(arch) => arch.qemu(),
            Self::Busybox => "busybox",
            Self::Setpriv => "setpriv",
            Self::Program(name) => name,
        }
    }
}

/// Why a machine could not be built, booted or driven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program is missing.
    #[error("the program `{}` was not found", .0.program())]
    Missing(Need),
    /// A kernel of another architecture came without the commands that its machine is to have.
    #[error(
        "there is no busybox for {arch} beside the kernel {release}: fetch the kernel again, or put a static one \
         for {arch} into the kernel's folder as bin/busybox"
    )]
    NoBusybox {
        /// The kernel's architecture.
        arch: Arch,
        /// The kernel.
        release: String,
    },
    /// A program of this machine does not run in a machine of another architecture.
    #[error(
        "there is no program `{program}` for {arch}: those of this machine do not run there, and the busybox of that \
         machine has no command of this name; use one that it has (`busybox --list`), or run this on a kernel of \
         this machine's architecture"
    )]
    ForeignProgram {
        /// The program.
        program: String,
        /// The machine's architecture.
        arch: Arch,
    },
    /// The user pressed Ctrl-C, or the process was asked to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Another program failed.
    #[error("cannot set up the test machine")]
    Process(#[from] koxide_process::Error),
    /// A file could not be read or written.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The kernel image is not what it should be.
    #[error("{} is no kernel image that can be booted: {problem}", .path.display())]
    Image {
        /// The image.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A module is not what it should be.
    #[error("{} is no kernel module: {problem}", .path.display())]
    Module {
        /// The module.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The kernel has no such module.
    #[error(
        "the module `{module}`, which {wanted_by}, is not among the modules in {}; \
         fetch the kernel again, or drop that dependency", .tree.display()
    )]
    NoModule {
        /// The module's name.
        module: String,
        /// Who wants it.
        wanted_by: String,
        /// The kernel's folder of modules.
        tree: PathBuf,
    },
    /// Two modules need each other.
    #[error("the module `{0}` depends on itself by way of others")]
    ModuleCycle(String),
    /// A file for the machine has a place that it cannot have.
    #[error("`{0}` is no absolute path in the test machine")]
    GuestPath(String),
    /// QEMU ended before the kernel said anything.
    #[error("QEMU ended at once{}", said(.stderr))]
    QemuFailed {
        /// What QEMU wrote.
        stderr: String,
    },
    /// Init did not run in time.
    #[error(
        "the kernel {release} did not reach init within {} s; the end of its log:{}",
        .limit.as_secs(), indented(.tail)
    )]
    BootTimeout {
        /// The kernel.
        release: String,
        /// The limit.
        limit: Duration,
        /// The end of the log.
        tail: Vec<String>,
    },
    /// Acceleration was demanded and does not work.
    #[error("KVM does not work on this machine: {0}; let the acceleration be chosen, or use TCG")]
    Kvm(String),
    /// A channel to the machine failed.
    #[error("lost the connection to the test machine")]
    Channel(#[source] io::Error),
}

fn said(stderr: &str) -> String {
    match stderr.trim() {
        "" => String::new(),
        text => format!(" and said:{}", indented(&[text.to_owned()])),
    }
}

fn indented(lines: &[String]) -> String {
    lines
        .iter()
        .flat_map(|text| text.lines())
        .map(|line| format!("\n    {line}"))
        .collect()
}

impl Error {
    /// The program that is missing, when that is what failed.
    pub fn missing(&self) -> Option<&Need> {
        match self {
            Self::Missing(need) => Some(need),
            _ => None,
        }
    }

    /// Whether Ctrl-C was the reason.
    pub fn interrupted(&self) -> bool {
        matches!(
            self,
            Self::Interrupted(_) | Self::Process(koxide_process::Error::Interrupted(_))
        )
    }

    pub(crate) fn file(
        action: &'static str,
        path: impl AsRef<Path>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}
