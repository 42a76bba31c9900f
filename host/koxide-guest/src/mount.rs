// SPDX-License-Identifier: MIT OR Apache-2.0

//! File systems that only some drivers need.

use std::fs;

use nix::mount::{MsFlags, mount};

use crate::Errno;

/// Mounts a file system such as `configfs` at a folder that exists, unless something is mounted there.
///
/// # Errors
/// The errno that the kernel returned: `ENODEV` when it does not know the file system, `ENOENT` when there is no folder.
pub fn mount_at(kind: &str, folder: &str) -> Result<(), Errno> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    if mounted(&mounts, folder) {
        return Ok(());
    }
    Ok(mount(
        Some(kind),
        folder,
        Some(kind),
        MsFlags::empty(),
        None::<&str>,
    )?)
}

/// Whether `/proc/mounts` names a folder.
fn mounted(mounts: &str, folder: &str) -> bool {
    let mut folders = mounts.lines().filter_map(|line| line.split(' ').nth(1));
    folders.any(|found| found == folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_found_by_its_folder() {
        let mounts = "proc /proc proc rw 0 0\nconfigfs /sys/kernel/config configfs rw 0 0\n";
        assert!(mounted(mounts, "/sys/kernel/config"));
        assert!(!mounted(mounts, "/sys/kernel"));
        assert!(!mounted(mounts, "configfs"));
    }
}
