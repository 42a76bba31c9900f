// SPDX-License-Identifier: MIT OR Apache-2.0

//! Folders that make can work in: it splits paths at spaces and colons, and nothing quotes them for it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::cache;
use crate::kernels::store::digest;

use super::error::{Error, Result};

/// Whether make, the shell and the kernel's makefiles take this path as one word.
pub(crate) fn is_plain(path: &Path) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "/._-+@,".contains(c);
    path.to_str().is_some_and(|text| text.chars().all(good))
}

/// `wanted` when make can work there, else a private folder that stands for it.
pub(crate) fn plain(wanted: &Path) -> Result<PathBuf> {
    if is_plain(wanted) {
        cache::create_dir(wanted)?;
        return Ok(wanted.to_owned());
    }
    let private = stand_in_root()?.join(digest(&wanted.to_string_lossy()));
    cache::create_dir(&private)?;
    Ok(private)
}

/// A folder of this user's in a place for temporary files.
fn stand_in_root() -> Result<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|dir| dir.is_absolute() && dir.is_dir());
    let candidates = [
        runtime,
        Some(std::env::temp_dir()),
        Some(PathBuf::from("/tmp")),
    ];
    let user = nix::unistd::geteuid();
    let mut last = PathBuf::from("/tmp");
    for base in candidates.into_iter().flatten().filter(|dir| is_plain(dir)) {
        last = base.join(format!("koxide-{user}"));
        if private(&last, user.as_raw()) {
            return Ok(last);
        }
    }
    Err(Error::NoPlace { path: last })
}

/// Makes a folder that only this user can change, or sees that it is one: others may write to its parent.
fn private(dir: &Path, user: u32) -> bool {
    let _ = fs::DirBuilder::new().mode(0o700).create(dir);
    let Ok(meta) = fs::symlink_metadata(dir) else {
        return false;
    };
    let probe = || tempfile::NamedTempFile::new_in(dir).is_ok();
    meta.is_dir() && meta.uid() == user && meta.permissions().mode() & 0o022 == 0 && probe()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_make_splits_are_not_plain() {
        assert!(is_plain(Path::new("/home/a-b/x_1.0+deb12")));
        for path in [
            "/home/a b",
            "/home/a:b",
            "/home/$x",
            "/home/a#b",
            "/h\u{e4}",
        ] {
            assert!(!is_plain(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_folder_with_a_space_has_a_stand_in() {
        let temp = tempfile::tempdir().unwrap();
        let wanted = temp.path().join("a b");
        let place = plain(&wanted).unwrap();
        assert!(is_plain(&place) && place.is_dir());
        assert_eq!(plain(&wanted).unwrap(), place);
        assert_ne!(plain(&temp.path().join("a c")).unwrap(), place);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_used() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("shared");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
        let user = nix::unistd::geteuid().as_raw();
        assert!(!private(&dir, user));
        assert!(private(&temp.path().join("own"), user));
    }
}
