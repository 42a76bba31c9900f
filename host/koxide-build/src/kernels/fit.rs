// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which kernels modules can be built for, as their headers have it: the rest is refused before anything is built.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::arch::Arch;

use super::error::{Error, Result};

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

/// Sees that a kernel's headers and its image are of the release that they are taken for.
pub(crate) fn match_up(
    name: &str,
    release: &str,
    build: &Path,
    image: Option<&Path>,
) -> Result<()> {
    let differs = |what: &'static str, path: &Path, found: String| Error::Mismatch {
        name: name.to_owned(),
        release: release.to_owned(),
        what,
        path: path.to_owned(),
        found,
    };
    if let Some(found) = headers_release(build).filter(|found| found != release) {
        return Err(differs("headers", build, found));
    }
    if let Some(image) = image
        && let Some(found) = image_release(image).filter(|found| found != release)
    {
        return Err(differs("image", image, found));
    }
    Ok(())
}

/// The release that modules are marked with, which the loader compares.
fn headers_release(build: &Path) -> Option<String> {
    let text = fs::read_to_string(build.join("include/generated/utsrelease.h")).ok()?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("#define UTS_RELEASE \""))?;
    Some(value.split_once('"')?.0.to_owned())
}

/// The release in the header of an image for x86; other images have none that can be read without unpacking them.
fn image_release(image: &Path) -> Option<String> {
    const START: usize = 0x200;
    const MAGIC: usize = 0x202;
    const VERSION: usize = 0x20e;
    let mut bytes = Vec::new();
    let file = fs::File::open(image).ok()?;
    file.take(0x1_0000).read_to_end(&mut bytes).ok()?;
    if bytes.get(MAGIC..MAGIC + 4)? != b"HdrS" {
        return None;
    }
    let at = bytes.get(VERSION..VERSION + 2)?;
    let at = usize::from(u16::from_le_bytes([at[0], at[1]])) + START;
    let text = bytes
        .get(at..)?
        .split(|byte| *byte == b' ' || *byte == 0)
        .next()?;
    let text = std::str::from_utf8(text).ok()?;
    text.starts_with(|c: char| c.is_ascii_digit())
        .then(|| text.to_owned())
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
    fn headers_and_image_are_of_one_release() {
        let build = headers("", SIX_ONE, "6.1.0-2-amd64");
        let compare = |release: &str, image: Option<&Path>| {
            match_up("path:/k", release, build.path(), image).map_err(|error| error.to_string())
        };
        compare("6.1.0-2-amd64", None).unwrap();
        let error = compare("6.1.0-3-amd64", None).unwrap_err();
        assert!(
            error.contains("headers") && error.contains("6.1.0-2-amd64"),
            "{error}"
        );

        let image = build.path().join("vmlinuz");
        let mut bytes = vec![0; 0x400];
        bytes[0x202..0x206].copy_from_slice(b"HdrS");
        bytes[0x20e..0x210].copy_from_slice(&0x100_u16.to_le_bytes());
        let version = b"6.1.0-9-amd64 (builder) #1 SMP";
        bytes[0x300..0x300 + version.len()].copy_from_slice(version);
        fs::write(&image, &bytes).unwrap();
        let error = compare("6.1.0-2-amd64", Some(&image)).unwrap_err();
        assert!(
            error.contains("image") && error.contains("6.1.0-9-amd64"),
            "{error}"
        );
        fs::write(&image, "not an image of x86").unwrap();
        compare("6.1.0-2-amd64", Some(&image)).unwrap();
    }
}
