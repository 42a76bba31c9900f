// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why a module cannot be built for a kernel.

use std::path::PathBuf;

use crate::gnu::Gnu;
use crate::need::Need;
use crate::{cache, check, kernels, object};

/// Why a module cannot be built for a kernel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No compiler on this machine builds modules for the kernel.
    #[error(
        "no C compiler here builds modules for the kernel {release}: it was built with {wanted}; install the package {}, or build on a machine of the kernel's own distribution{}", Gnu::package(.wanted), attempts(.tried)
    )]
    NoCompiler {
        /// The kernel's release.
        release: String,
        /// The compiler that built it.
        wanted: String,
        /// Those that were tried, each with what it said.
        tried: Vec<String>,
    },
    /// The compiler of the kernel's distribution cannot be run apart from this machine's programs.
    #[error(
        "modules for the kernel {release} are built with {wanted}, which this machine lacks; it would be fetched and run in a namespace of its own, and the system does not let this user have one ({said}): install the package {}, or allow namespaces (in a container, for instance with --privileged)", Gnu::package(.wanted)
    )]
    NoNamespace {
        /// The kernel's release.
        release: String,
        /// The compiler that built it.
        wanted: String,
        /// What the system said.
        said: String,
    },
    /// The distribution's compiler cannot be had.
    #[error(transparent)]
    Root(#[from] kernels::Error),
    /// objtool cannot start because a library is missing.
    #[error(
        "the headers of {release} bring objtool, which needs libelf.so.1: install the package libelf1 (elfutils-libelf on Fedora, libelf on Arch)"
    )]
    LibElf {
        /// The kernel's release.
        release: String,
    },
    /// The programs that come with the headers do not run here.
    #[error("the tools in the headers of {release} do not run on this machine: {said}")]
    Tools {
        /// The kernel's release.
        release: String,
        /// What the system said.
        said: String,
    },
    /// The headers are not laid out as expected.
    #[error("the headers of {release} in {path} are not complete: {why}")]
    Headers {
        /// The kernel's release.
        release: String,
        /// Where they are.
        path: PathBuf,
        /// What is missing.
        why: String,
    },
    /// There is no folder whose path make understands.
    #[error(
        "make cannot work in a path with a space or a colon, and {path} cannot be used in its place: set TMPDIR to a folder whose path has neither"
    )]
    NoPlace {
        /// The last folder that was tried.
        path: PathBuf,
    },
    /// The C side does not compile or link.
    #[error("{what} does not build for the kernel {release}:{}", indented(.said))]
    Make {
        /// What was to be made.
        what: String,
        /// The kernel's release.
        release: String,
        /// What make and the compiler said.
        said: String,
    },
    /// A driver has a folder for its twin, and no twin in it.
    #[error(
        "{driver} has a folder for its twin in C and no {source}: write the twin there, named as the module is, or remove the folder", source = .path.display()
    )]
    NoTwin {
        /// The driver.
        driver: String,
        /// Where its twin is looked for.
        path: PathBuf,
    },
    /// The module was built and must not be used.
    #[error(transparent)]
    Check(#[from] check::Error),
    /// The object cannot be read.
    #[error(transparent)]
    Object(#[from] object::Error),
    /// A file cannot be read or written.
    #[error(transparent)]
    Files(#[from] cache::Error),
    /// A program could not be run.
    #[error(transparent)]
    Process(#[from] koxide_process::Error),
}

impl Error {
    /// What is to be installed before this can succeed.
    pub fn missing(&self) -> Option<Need> {
        match self {
            Self::Process(error) => Need::of(error),
            Self::Object(error) => error.missing(),
            Self::Root(error) => error.missing(),
            Self::NoCompiler { wanted, .. } | Self::NoNamespace { wanted, .. } => {
                Some(Need::Compiler {
                    wanted: wanted.clone(),
                })
            }
            Self::LibElf { .. } => Some(Need::LibElf),
            _ => None,
        }
    }
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("\n    {line}")).collect()
}

fn attempts(tried: &[String]) -> String {
    tried.iter().map(|line| format!("\n    {line}")).collect()
}
