// SPDX-License-Identifier: MIT OR Apache-2.0

//! The part of a kernel's source tree that a debug kernel is built from.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cache::{self, Cache};
use crate::kernels::apt::Apt;
use crate::kernels::error::Result;
use crate::kernels::{Package, tree};
use crate::progress::Progress;

/// Large folders that nothing of ours is in. Their build and configuration files are taken: others name them.
const LEFT_OUT: [&str; 20] = [
    "Documentation",
    "drivers/gpu",
    "drivers/hwmon",
    "drivers/iio",
    "drivers/infiniband",
    "drivers/input",
    "drivers/md",
    "drivers/media",
    "drivers/mtd",
    "drivers/net/ethernet",
    "drivers/net/wireless",
    "drivers/pinctrl",
    "drivers/scsi",
    "drivers/soc",
    "drivers/staging",
    "net/mac80211",
    "samples",
    "sound",
    "tools/perf",
    "tools/testing",
];

/// How much a tree takes, with what make puts beside it.
const SPACE: u64 = 2_000_000_000;

/// Fetches the package, and puts what is needed of its tree into `source`; needs the lock.
pub(crate) fn fetch(
    cache: &Cache,
    apt: &Apt,
    package: &Package,
    source: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    let what = format!("building {}", package.name);
    cache::need_space(cache.root(), &what, SPACE)?;
    let scratch = cache.scratch()?;
    let archive = tree::archive(cache, apt, package, scratch.path(), progress)?;
    progress.stage(&format!("unpacking {}", package.name));
    let out = scratch.path().join("tree");
    cache::create_dir(&out)?;
    tree::extract(&archive, &out, wanted)?;
    if let Some(parent) = source.parent() {
        cache::create_dir(parent)?;
    }
    fs::rename(&out, source).map_err(|e| cache::Error::io("create", source, e))?;
    apt.tidy()
}

/// Where a file of the archive belongs, if it is needed.
fn wanted(path: &Path) -> Option<PathBuf> {
    let path = tree::below(path, "")?;
    let name = path.file_name()?.to_str()?;
    let names_others = ["Kconfig", "Makefile", "Kbuild"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    let other_arch = path
        .strip_prefix("arch")
        .is_ok_and(|rest| rest.components().count() > 1 && !rest.starts_with("x86"));
    let left_out = other_arch || LEFT_OUT.iter().any(|folder| path.starts_with(folder));
    (names_others || !left_out).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_configuration_reads_is_taken() {
        let is_wanted = |path: &str| wanted(&Path::new("linux-source-6.1").join(path)).is_some();
        for path in [
            "Makefile",
            "arch/Kconfig",
            "arch/x86/kernel/setup.c",
            "arch/arm/Kconfig",
            "drivers/gpu/drm/Kconfig",
            "drivers/net/loopback.c",
            "scripts/mod/modpost.c",
        ] {
            assert!(is_wanted(path), "{path}");
        }
        for path in [
            "arch/arm/kernel/setup.c",
            "drivers/gpu/drm/drm_drv.c",
            "Documentation/index.rst",
        ] {
            assert!(!is_wanted(path), "{path}");
        }
    }
}
