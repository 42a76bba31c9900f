// SPDX-License-Identifier: MIT OR Apache-2.0

//! A kernel that is there, and where it came from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::name::KernelName;
use super::{debug, fit, root};
use crate::arch::Arch;

/// Where a kernel's headers are.
#[derive(Debug, Clone)]
pub struct Headers {
    /// The folder that absolute paths inside the headers start from: `/`, or where packages were unpacked.
    pub root: PathBuf,
    /// The folder that `/lib/modules/RELEASE/build` stands for.
    pub build: PathBuf,
}

/// A kernel that modules can be built for.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// The name it was asked for by.
    pub name: KernelName,
    /// Its release, as `uname -r` prints it on a machine that runs it.
    pub release: String,
    /// Its architecture.
    pub arch: Arch,
    /// Its compressed image, where there is one.
    pub vmlinuz: Option<PathBuf>,
    /// Its folder of modules (`lib/modules/RELEASE`), where there is one.
    pub modules: Option<PathBuf>,
    /// Its headers.
    pub headers: Headers,
    /// What was fetched for it; none for a kernel that was on the disk already.
    pub record: Option<Record>,
    /// Where it was fetched from.
    pub(crate) origin: Option<root::Origin>,
}

impl Kernel {
    /// The image to boot.
    ///
    /// # Errors
    /// [`Error::NotBootable`] when there is none.
    pub fn image(&self) -> Result<&Path> {
        let image = self.vmlinuz.as_deref();
        image.ok_or_else(|| self.not_bootable("image (vmlinuz)"))
    }

    /// Sees that it loads modules that nobody signed.
    ///
    /// # Errors
    /// [`Error::SignedOnly`].
    pub fn takes_unsigned(&self) -> Result<()> {
        match fit::Config::read(&self.headers.build).has("CONFIG_MODULE_SIG_FORCE") {
            true => Err(Error::SignedOnly {
                name: self.name.to_string(),
                release: self.release.clone(),
            }),
            false => Ok(()),
        }
    }

    /// The folder of its modules.
    ///
    /// # Errors
    /// [`Error::NotBootable`] when there is none.
    pub fn modules_dir(&self) -> Result<&Path> {
        let modules = self.modules.as_deref();
        modules.ok_or_else(|| self.not_bootable("modules"))
    }

    fn not_bootable(&self, what: &'static str) -> Error {
        Error::NotBootable {
            name: self.name.to_string(),
            release: self.release.clone(),
            what,
        }
    }
}

/// What was fetched for a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The name it was fetched for.
    pub name: String,
    /// The kernel's release.
    pub release: String,
    /// The packages.
    pub packages: Vec<Package>,
    /// When, as RFC 3339 writes it.
    pub fetched: String,
    /// The archives that were looked at, each an address and a suite.
    pub mirrors: Vec<String>,
    /// How it was built, when that was done here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<debug::Built>,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The SHA-256 of its file.
    pub sha256: String,
    /// The size of its file.
    pub bytes: u64,
}
