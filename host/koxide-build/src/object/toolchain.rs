// SPDX-License-Identifier: MIT OR Apache-2.0

//! Looks whether the Rust toolchain is one that drivers can be built with, before cargo fails in its own words.

use std::path::{Path, PathBuf};

use koxide_process::Command;

use super::error::{Error, Result};

/// The compiler's version that the flags here are known to work with.
pub(crate) const WANTED: &str = "1.95";

/// The toolchain that cargo will use in `dir`.
#[derive(Debug, Clone)]
pub(crate) struct Toolchain {
    /// What `rustc --version` prints.
    pub(crate) version: String,
    sysroot: PathBuf,
}

impl Toolchain {
    /// Asks the compiler that cargo will start.
    pub(crate) fn of(dir: &Path) -> Result<Self> {
        let ask = |args: &[&str]| -> Result<String> {
            let mut rustc = Command::new("rustc");
            rustc
                .args(args)
                .current_dir(dir)
                .env_remove("RUSTC_BOOTSTRAP");
            let output = rustc.output().map_err(absent)?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        Ok(Self {
            version: ask(&["--version"])?,
            sysroot: ask(&["--print", "sysroot"])?.into(),
        })
    }

    /// Says what is wrong with it for drivers.
    pub(crate) fn check(&self) -> Result<()> {
        let source = self.rust_src().join("library/core");
        let number = self.version.split(' ').nth(1).unwrap_or_default();
        let good = number.starts_with(&format!("{WANTED}."));
        if good && source.exists() {
            return Ok(());
        }
        // rustup keeps toolchains in a folder of that name; a distribution's compiler is in /usr.
        if !self.sysroot.iter().any(|part| part == "toolchains") {
            return Err(Error::NotRustup {
                found: self.version.clone(),
                sysroot: self.sysroot.clone(),
            });
        }
        if !good {
            return Err(Error::Version {
                found: self.version.clone(),
                wanted: WANTED,
            });
        }
        Err(Error::NoRustSrc {
            sysroot: self.sysroot.clone(),
        })
    }

    /// The folder of the component rust-src.
    pub(crate) fn rust_src(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust")
    }

    /// Says whether programs can be compiled for a target with the standard library that comes with it.
    pub(crate) fn has_target(&self, target: &'static str) -> Result<()> {
        let dir = self.sysroot.join("lib/rustlib").join(target);
        if dir.exists() {
            return Ok(());
        }
        Err(Error::NoTarget {
            sysroot: self.sysroot.clone(),
            target,
        })
    }
}

/// Tells a toolchain that rustup does not have, or could not fetch, from a compiler that fails.
fn absent(error: koxide_process::Error) -> Error {
    match error {
        koxide_process::Error::Failed { stderr, .. }
            if stderr.contains("toolchain") || stderr.contains("could not download") =>
        {
            Error::NoToolchain { said: stderr }
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::Need;

    fn toolchain(version: &str, sysroot: &Path) -> Toolchain {
        Toolchain {
            version: version.to_owned(),
            sysroot: sysroot.to_owned(),
        }
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let temp = tempfile::tempdir().unwrap();
        let ours = temp.path().join("toolchains/x");
        let missing = |t: &Toolchain| t.check().unwrap_err().missing();
        let good = "rustc 1.95.0 (59807616e 2026-04-14)";
        assert_eq!(missing(&toolchain(good, &ours)), Some(Need::RustSrc));
        let debian = toolchain("rustc 1.63.0 (4b91a6ea7 2022-08-08)", Path::new("/usr"));
        assert_eq!(missing(&debian), Some(Need::Rustup));
        let old = toolchain("rustc 1.90.0 (x)", &ours);
        assert!(matches!(old.check(), Err(Error::Version { .. })));
        std::fs::create_dir_all(ours.join("lib/rustlib/src/rust/library/core")).unwrap();
        toolchain(good, &ours).check().unwrap();
        let target = toolchain(good, &ours).has_target("x86_64-unknown-linux-musl");
        let need = Need::RustTarget("x86_64-unknown-linux-musl".to_owned());
        assert_eq!(target.unwrap_err().missing(), Some(need));
    }
}
