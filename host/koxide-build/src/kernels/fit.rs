// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernels modules can be built for, as their headers have it: the rest is refused before anything is built.

use std::fs;
use std::path::Path;

use crate::arch::Arch;

use super::error::{Error, Result};
use super::{Kernel, image};

/// The oldest kernel that there are shims for.
const OLDEST: (u32, u32) = (6, 1);

/// A kernel's configuration, of which its headers have a copy.
pub(crate) struct Config(String);

impl Config {
    /// The configuration in a headers folder.
    pub(crate) fn read(build: &Path) -> Self {
        let read = |file: &str| fs::read_to_string(build.join(file));
        let text = read("include/config/auto.conf").or_else(|_| read(".config"));
        Self(text.unwrap_or_default())
    }

    /// Whether an option is built in.
    pub(crate) fn has(&self, option: &str) -> bool {
        let is = |line: &str| line.strip_prefix(option) == Some("=y");
        self.0.lines().any(is)
    }
}

/// The architecture of a kernel that modules can be built for.
pub(crate) fn arch(name: &str, release: &str, build: &Path) -> Result<Arch> {
    let config = Config::read(build);
    let refused = |why: String, needed: &'static str| {
        Err(Error::Refused {
            name: name.to_owned(),
            release: release.to_owned(),
            why,
            needed,
        })
    };
    let arch = match () {
        () if config.has("CONFIG_X86_64") => Arch::X86_64,
        () if config.has("CONFIG_ARM64") => Arch::Arm64,
        () if config.has("CONFIG_ARM") => Arch::Arm,
        () if config.has("CONFIG_X86_32") => {
            return refused(
                "it is for 32-bit x86".to_owned(),
                "a 64-bit kernel, which runs 32-bit programs, too (linux-image-amd64 on Debian)",
            );
        }
        () => {
            return Err(Error::Arch {
                name: name.to_owned(),
            });
        }
    };
    if let Some(version) = version(build, release).filter(|version| *version < OLDEST) {
        return refused(
            format!("Linux {}.{} is older than 6.1", version.0, version.1),
            "Linux 6.1 or newer (the section on old kernels in ARCHITECTURE.md says what is in the way)",
        );
    }
    // The option has had its second name since 6.18.
    if config.has("CONFIG_CFI_CLANG") || config.has("CONFIG_CFI") {
        return refused(
            "it compares the type of each function that is called through a pointer (kCFI, CONFIG_CFI), \
             and the object has no such types"
                .to_owned(),
            "a kernel without CONFIG_CFI",
        );
    }
    if config.has("CONFIG_LTO_CLANG") {
        return refused(
            "clang optimized it when it was linked (CONFIG_LTO_CLANG), and what its modules are linked from is \
             no machine code, which the object is"
                .to_owned(),
            "a kernel with CONFIG_LTO_NONE",
        );
    }
    Ok(arch)
}

/// Major and minor number of the kernel's version: from its headers, else from its release.
fn version(build: &Path, release: &str) -> Option<(u32, u32)> {
    let header = fs::read_to_string(build.join("include/generated/uapi/linux/version.h"));
    let code = header.ok().and_then(|text| {
        let mut lines = text.lines();
        lines.find_map(|line| {
            line.strip_prefix("#define LINUX_VERSION_CODE ")?
                .parse()
                .ok()
        })
    });
    if let Some(code) = code {
        let code: u32 = code;
        return Some((code >> 16, code >> 8 & 0xff));
    }
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Sees that a kernel's headers are of the release that they are taken for.
pub(crate) fn match_headers(name: &str, release: &str, build: &Path) -> Result<()> {
    match headers_release(build) {
        Some(found) if found != release => Err(Error::Mismatch {
            name: name.to_owned(),
            release: release.to_owned(),
            what: "headers",
            path: build.to_owned(),
            found,
        }),
        _ => Ok(()),
    }
}

/// Sees that a kernel's image is of the same release as its headers. Unpacking one takes a part of a second, so this is for
/// kernels that no package holds together.
pub(crate) fn match_image(kernel: &Kernel) -> Result<()> {
    let Some(path) = &kernel.vmlinuz else {
        return Ok(());
    };
    match image::release(path) {
        Some(found) if found != kernel.release => Err(Error::Mismatch {
            name: kernel.name.to_string(),
            release: kernel.release.clone(),
            what: "image",
            path: path.clone(),
            found,
        }),
        _ => Ok(()),
    }
}

/// The release that modules are marked with, which the loader compares.
fn headers_release(build: &Path) -> Option<String> {
    let text = fs::read_to_string(build.join("include/generated/utsrelease.h")).ok()?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("#define UTS_RELEASE \""))?;
    Some(value.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(config: &str, code: u32, release: &str) -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        let write = |file: &str, text: String| {
            let file = temp.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write("include/config/auto.conf", format!("{config}\n"));
        write(
            "include/generated/uapi/linux/version.h",
            format!("#define LINUX_VERSION_CODE {code}\n"),
        );
        write(
            "include/generated/utsrelease.h",
            format!("#define UTS_RELEASE \"{release}\"\n"),
        );
        temp
    }

    /// 6.1.0 as the headers write it.
    const SIX_ONE: u32 = 0x6_0100;

    fn said(config: &str, code: u32) -> String {
        let build = headers(config, code, "r");
        match arch("path:/k", "r", build.path()) {
            Ok(arch) => arch.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_cannot_be_served_is_refused_by_name() {
        assert_eq!(said("CONFIG_X86_64=y", SIX_ONE), "x86_64");
        assert_eq!(said("CONFIG_ARM64=y\nCONFIG_ARM64_VHE=y", SIX_ONE), "arm64");
        for (config, why, needed) in [
            (
                "CONFIG_X86_64=y\nCONFIG_CFI_CLANG=y",
                "kCFI",
                "without CONFIG_CFI",
            ),
            (
                "CONFIG_X86_64=y\nCONFIG_CFI=y",
                "kCFI",
                "without CONFIG_CFI",
            ),
            (
                "CONFIG_X86_64=y\nCONFIG_LTO_CLANG=y",
                "CONFIG_LTO_CLANG",
                "CONFIG_LTO_NONE",
            ),
            ("CONFIG_X86_32=y", "32-bit x86", "a 64-bit kernel"),
            (
                "CONFIG_RISCV=y",
                "an architecture that Koxide does not build for",
                "x86_64, arm64",
            ),
        ] {
            let said = said(config, SIX_ONE);
            assert!(said.contains(why) && said.contains(needed), "{said}");
        }
        // Names that only begin alike, and the module of a kind of flash memory.
        let other =
            "CONFIG_X86_64=y\nCONFIG_MTD_CFI=m\nCONFIG_CFI_AUTO_DEFAULT=y\nCONFIG_LTO_NONE=y";
        assert_eq!(said(other, SIX_ONE), "x86_64");
    }

    #[test]
    fn the_headers_say_how_old_the_kernel_is() {
        let old = said("CONFIG_X86_64=y", 0x5_0fff);
        assert!(old.contains("Linux 5.15 is older than 6.1"), "{old}");
        // Without the header the release tells.
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(version(empty.path(), "5.10.0-28-amd64"), Some((5, 10)));
        assert_eq!(version(empty.path(), "7.3.4+deb13-amd64"), Some((7, 3)));
        assert_eq!(version(empty.path(), "next"), None);
    }

    #[test]
    fn headers_are_of_the_release_that_they_are_taken_for() {
        let build = headers("", SIX_ONE, "6.1.0-2-amd64");
        let compare = |release| match_headers("path:/k", release, build.path());
        compare("6.1.0-2-amd64").unwrap();
        let error = compare("6.1.0-3-amd64").unwrap_err().to_string();
        assert!(
            error.contains("headers") && error.contains("6.1.0-2-amd64"),
            "{error}"
        );
    }
}
