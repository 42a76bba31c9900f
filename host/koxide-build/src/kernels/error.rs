// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why a kernel cannot be had, in words that say what to do next.

use std::path::PathBuf;

use crate::cache;
use crate::need::Need;

use super::name::close_suite;

/// Why a kernel cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The kernel was never fetched.
    #[error("the kernel {name} is not in the cache: `cargo koxide kernel add {name}` fetches it")]
    NotFetched {
        /// Its name.
        name: String,
    },
    /// The kernel was never fetched, and the network is forbidden.
    #[error(
        "the kernel {name} is not in the cache and the network is forbidden: fetch it once with `cargo koxide kernel add {name}`, without --offline"
    )]
    Offline {
        /// Its name.
        name: String,
    },
    /// A root to build in was never fetched, and the network is forbidden.
    #[error(
        "modules for {name} are built with {compiler}, which this machine lacks and which is not in the cache, and the network is forbidden: build once without --offline, or install the package {package}"
    )]
    OfflineRoot {
        /// The kernel's name.
        name: String,
        /// The compiler.
        compiler: String,
        /// Debian's package with it.
        package: String,
    },
    /// A root to build in cannot be fetched.
    #[error(
        "modules for {name} are built with {compiler}, which this machine lacks and which cannot be fetched: install the package {package}, or build again when what follows is mended"
    )]
    NoRoot {
        /// The kernel's name.
        name: String,
        /// The compiler.
        compiler: String,
        /// Debian's package with it.
        package: String,
        /// Why it cannot be fetched.
        source: Box<Self>,
    },
    /// This machine's apt knows no archive of Debian's.
    #[error(
        "this machine's apt does not know Debian's archive, where {name} comes from: say once where it is with `cargo koxide kernel add {name} --mirror URL --keyring FILE`"
    )]
    NoSource {
        /// The kernel's name.
        name: String,
    },
    /// The suite has no source package with what is looked for.
    #[error(
        "no package of {name} has the folder {folder} of a kernel's sources (linux-source-*): choose another suite"
    )]
    NoTree {
        /// The suite's name.
        name: String,
        /// The folder.
        folder: String,
    },
    /// A debug kernel has to be built before it is used.
    #[error(
        "the kernel {name} is {}: `cargo koxide kernel build {name}` builds it, which takes about 5 minutes on two idle cores", if *.again { "of another configuration than this version has" } else { "not built yet" }
    )]
    NotBuilt {
        /// Its name.
        name: String,
        /// There is one, with another configuration.
        again: bool,
    },
    /// No suite has the sources of a kernel.
    #[error(
        "no package {package} in {}: name a suite of Debian's that has it with --suite SUITE", .suites.join(", ")
    )]
    NoSourcePackage {
        /// The package.
        package: String,
        /// The suites that were looked at.
        suites: Vec<String>,
    },
    /// Programs or headers that a kernel's build needs are missing.
    #[error("building a kernel needs {}: not on this machine", .lacking.join(", "))]
    NoKernelTools {
        /// What is missing.
        lacking: Vec<&'static str>,
    },
    /// A kernel's configuration lacks what was asked for.
    #[error(
        "these sources of {line} drop settings of the debug kernel, because they depend on something that is off or have another name there: {}; see host/koxide-build/debug-kernel", .lost.join(" ")
    )]
    Config {
        /// The line of kernels.
        line: String,
        /// The settings.
        lost: Vec<String>,
    },
    /// The kernel's make failed.
    #[error(
        "building the kernel debug:{line} failed; all that make complained of is in {log}{}", indented(.said)
    )]
    Make {
        /// The line of kernels.
        line: String,
        /// What it said.
        said: String,
        /// The file with all of it.
        log: PathBuf,
    },
    /// make cannot work in a folder of that name.
    #[error(
        "a kernel cannot be built in {path}: make takes no path with a space or a sign of its own in it; set KOXIDE_CACHE to another folder"
    )]
    BuildPlace {
        /// The folder.
        path: PathBuf,
    },
    /// The archive has no such suite.
    #[error("there is no suite `{suite}` at {mirror}{}", suite_hint(.suite))]
    NoSuchSuite {
        /// The suite.
        suite: String,
        /// Where it was looked for.
        mirror: String,
    },
    /// The archive could not be reached.
    #[error(
        "cannot reach the archive for {name}: check the network and the proxy that apt is configured with, then try again{}", indented(.said)
    )]
    Network {
        /// The kernel's name.
        name: String,
        /// What apt said.
        said: String,
    },
    /// The archive's signature is missing or made with a key that is not trusted.
    #[error(
        "the signature on the archive for {name} is not good: nothing was used of it; if the keyring is too old, install a newer one or name it with `cargo koxide kernel add {name} --mirror URL --keyring FILE`{}", indented(.said)
    )]
    Signature {
        /// The kernel's name.
        name: String,
        /// What apt said.
        said: String,
    },
    /// A list is not the one that the archive's signed release file names.
    #[error(
        "{name}: the archive is out of step: {} is not what its signed release file says; a mirror is so while it is brought up to date: try again later, or choose another with --mirror", .lists.join(", ")
    )]
    OutOfStep {
        /// The kernel's name.
        name: String,
        /// The addresses of the lists.
        lists: Vec<String>,
    },
    /// apt failed in another way.
    #[error("apt failed while it worked for {name}{}", indented(.said))]
    Apt {
        /// The kernel's name.
        name: String,
        /// What apt said.
        said: String,
    },
    /// The suite has no release of which all parts are there.
    #[error(
        "no kernel of {name} is complete: no release has its image, its headers and their tools there; choose another suite{}", indented(.lacking)
    )]
    Incomplete {
        /// The kernel's name.
        name: String,
        /// What the newest release lacks.
        lacking: String,
    },
    /// The keyring that was named is not there.
    #[error(
        "there is no keyring {path}: name the file with the archive's public keys with --keyring FILE"
    )]
    NoKeyring {
        /// The path.
        path: PathBuf,
    },
    /// A package file is not what it should be.
    #[error("the package {file} is corrupt or truncated: remove it and fetch it again{}", indented(.said))]
    Package {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        said: String,
    },
    /// A file or folder that the name gives does not exist.
    #[error("{name}: there is no {path}")]
    NoSuchPath {
        /// The kernel's name.
        name: String,
        /// What is not there.
        path: PathBuf,
    },
    /// A folder holds no kernel.
    #[error(
        "{name}: found no kernel in {path}: expected a build tree (with Makefile and include/config/kernel.release), or unpacked packages (with lib/modules/RELEASE or usr/src/linux-headers-RELEASE)"
    )]
    NoKernel {
        /// The kernel's name.
        name: String,
        /// The folder.
        path: PathBuf,
    },
    /// Packages hold no kernel.
    #[error(
        "{name}: these packages hold no kernel: name a kernel's image and headers, all packages of them (on Debian linux-image-RELEASE, linux-headers-RELEASE, linux-headers-RELEASE-common and linux-kbuild-VERSION)"
    )]
    NoKernelPackage {
        /// The kernel's name.
        name: String,
    },
    /// A folder holds several kernels.
    #[error("{name}: found several kernels ({}): use a folder with one", .releases.join(", "))]
    SeveralKernels {
        /// The kernel's name.
        name: String,
        /// Their releases.
        releases: Vec<String>,
    },
    /// The headers of a kernel are not installed.
    #[error(
        "{name}: no headers for the kernel {release}: expected them at {path}; install the package that brings them (linux-headers-{release} on Debian and Ubuntu, kernel-devel on Fedora)"
    )]
    NoHeaders {
        /// The kernel's name.
        name: String,
        /// Its release.
        release: String,
        /// Where they were looked for.
        path: PathBuf,
    },
    /// A kernel has no image or no modules, which building does not need but booting does.
    #[error("{name}: no {what} for the kernel {release}: it can be built for, but not booted")]
    NotBootable {
        /// The kernel's name.
        name: String,
        /// Its release.
        release: String,
        /// What it lacks.
        what: &'static str,
    },
    /// The kernel is for an architecture that Koxide does not build for.
    #[error(
        "{name}: this kernel is for an architecture that Koxide does not build for; it builds for x86_64, arm64 and arm"
    )]
    Arch {
        /// The kernel's name.
        name: String,
    },
    /// The kernel is one that modules cannot be built for.
    #[error("{name}: Koxide does not build for the kernel {release}: {why}; this needs {needed}")]
    Refused {
        /// The kernel's name.
        name: String,
        /// Its release.
        release: String,
        /// What is in the way.
        why: String,
        /// What would do.
        needed: &'static str,
    },
    /// The kernel loads only modules that its maker signed.
    #[error(
        "{name}: the kernel {release} loads signed modules only (CONFIG_MODULE_SIG_FORCE): drivers build for it, and to run one here takes a kernel without that, or a signature by a key that it trusts"
    )]
    SignedOnly {
        /// The kernel's name.
        name: String,
        /// Its release.
        release: String,
    },
    /// The headers or the image of a kernel are another one's.
    #[error(
        "{name}: the {what} of the kernel {release} ({path}) are of {found}: modules would not load; install headers and image of the same release", path = .path.display()
    )]
    Mismatch {
        /// The kernel's name.
        name: String,
        /// Its release.
        release: String,
        /// `headers` or `image`.
        what: &'static str,
        /// Where they are.
        path: PathBuf,
        /// The release that they are of.
        found: String,
    },
    /// A package is for another architecture than those that it was named with.
    #[error("{name}: {package} is for {found}, and {wanted}: name packages that belong together")]
    PackageArch {
        /// The kernel's name.
        name: String,
        /// The package.
        package: String,
        /// Debian's name of its architecture.
        found: String,
        /// What it should be for.
        wanted: String,
    },
    /// A file of the cache cannot be understood.
    #[error("{path} is damaged: `cargo koxide kernel remove {name}` and add it again")]
    Damaged {
        /// The kernel's name.
        name: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] cache::Error),
    /// A program could not be run.
    #[error(transparent)]
    Process(#[from] koxide_process::Error),
}

impl Error {
    /// What is to be installed before this can succeed.
    pub fn missing(&self) -> Option<Need> {
        match self {
            Self::Process(error) => Need::of(error),
            Self::NoKernelTools { .. } => Some(Need::KernelTools),
            Self::OfflineRoot { compiler, .. } | Self::NoRoot { compiler, .. } => {
                Some(Need::Compiler {
                    wanted: compiler.clone(),
                })
            }
            Self::NoHeaders { release, .. } => Some(Need::KernelHeaders {
                release: release.clone(),
            }),
            _ => None,
        }
    }
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// What a program said, below the sentence that is about it.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("\n    {line}")).collect()
}

fn suite_hint(suite: &str) -> String {
    match close_suite(suite) {
        Some(near) => format!(": did you mean `debian:{near}`?"),
        None => ": check its spelling, or name another mirror with --mirror URL --keyring FILE"
            .to_owned(),
    }
}
