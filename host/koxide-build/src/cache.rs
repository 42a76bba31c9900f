// SPDX-License-Identifier: MIT OR Apache-2.0

//! The one folder that holds all that was fetched, and the lock that makes it safe to share.
//!
//! ```text
//! lock                    held while something is added or removed
//! kernels/<id>/           one unpacked kernel: record.json, root/
//! roots/<id>/             a distribution's compiler to build modules with: record.json, root/
//! names/<name>.json       which kernel a name stands for, and where the name's packages come from
//! apt/<suite>/            apt's private state: package lists, sources
//! library/<hash>/         the library that a command carries, for drivers outside of a project
//! sources/<package>/      folders of a kernel's sources
//! build/<id>/             a debug kernel that is being built
//! vm/                     what virtual machines keep: unpacked images, whether KVM works
//! ```

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use koxide_process::interrupt;

use crate::progress::{Progress, Silent};

/// Why the cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// None of the variables that say where the cache is has a value.
    #[error(
        "no place for the cache: HOME is not set; set HOME, or KOXIDE_CACHE to a folder for fetched kernels"
    )]
    NoHome,
    /// The cache's folder cannot be written to.
    #[error(
        "the cache cannot be written to ({path}): make it writable, or set KOXIDE_CACHE to another folder"
    )]
    ReadOnly {
        /// What could not be written.
        path: PathBuf,
    },
    /// There is no space left.
    #[error(
        "the disk is full ({path}): free some space, for instance with `cargo koxide kernel remove`, or use another disk: KOXIDE_CACHE says where kernels are kept, CARGO_TARGET_DIR where drivers are built"
    )]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// There is less space than what is to come takes.
    #[error(
        "{what} takes {} MB and only {} MB are free on the disk of {path}: free some space, for instance with `cargo koxide kernel remove`, or use another disk: KOXIDE_CACHE says where kernels are kept, CARGO_TARGET_DIR where drivers are built", megabytes(*.needed), megabytes(*.free)
    )]
    NoSpace {
        /// What is to come.
        what: String,
        /// The cache.
        path: PathBuf,
        /// How many bytes it takes.
        needed: u64,
        /// How many bytes there are.
        free: u64,
    },
    /// The system refused something else.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The user pressed Ctrl-C, or the process was asked to end.
    #[error(transparent)]
    Interrupted(#[from] interrupt::Interrupted),
}

fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}

impl Error {
    /// Names what the system refused to do; a read-only or full disk has words of its own.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied if action != "read" => Self::ReadOnly { path },
            _ => Self::Io {
                action,
                path,
                source,
            },
        }
    }
}

type Result<T, E = Error> = std::result::Result<T, E>;

/// The folder that holds all that was fetched. Removing it uninstalls everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

/// The right to change the cache; ends when dropped.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "closing the file ends the lock")] File);

impl Cache {
    /// The user's cache: `$KOXIDE_CACHE`, else `$XDG_CACHE_HOME/koxide`, else `~/.cache/koxide`.
    ///
    /// # Errors
    /// [`Error::NoHome`] when none of the three can be told.
    pub fn from_env() -> Result<Self> {
        locate(|name| std::env::var_os(name))
            .map(Self::at)
            .ok_or(Error::NoHome)
    }

    /// The cache in the folder `root`, which is created when something is put into it.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        // Paths inside are handed to programs that start in other folders.
        let root = std::path::absolute(&root).unwrap_or(root);
        Self { root }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Removes all that the cache holds and returns how many bytes that were.
    ///
    /// # Errors
    /// When another process uses the cache until Ctrl-C comes, or something cannot be removed.
    pub fn remove_all(&self) -> Result<u64> {
        if !self.root.exists() {
            return Ok(0);
        }
        let _building = self.build_lock(&Silent)?;
        let _lock = self.lock(&Silent)?;
        let bytes = disk_use(&self.root);
        // Only what this tool put there: the folder may be named by a variable, and that may be set wrongly.
        for name in [
            "kernels", "roots", "names", "apt", "vm", "library", "sources", "build",
        ] {
            self.discard(&self.root.join(name))?;
        }
        for name in ["tmp", "lock"] {
            remove(&self.root.join(name))?;
        }
        let _ = fs::remove_dir(&self.root);
        Ok(bytes)
    }

    /// The folder for what virtual machines keep.
    pub fn vm(&self) -> PathBuf {
        self.root.join("vm")
    }

    /// The folder for the library that the command carries, unpacked.
    pub fn library(&self) -> PathBuf {
        self.root.join("library")
    }

    pub(crate) fn sources(&self) -> PathBuf {
        self.root.join("sources")
    }

    pub(crate) fn build(&self) -> PathBuf {
        self.root.join("build")
    }

    pub(crate) fn kernels(&self) -> PathBuf {
        self.root.join("kernels")
    }

    pub(crate) fn roots(&self) -> PathBuf {
        self.root.join("roots")
    }

    pub(crate) fn names(&self) -> PathBuf {
        self.root.join("names")
    }

    pub(crate) fn apt(&self) -> PathBuf {
        self.root.join("apt")
    }

    /// Waits until no other process changes the cache, and keeps others from it.
    pub(crate) fn lock(&self, progress: &dyn Progress) -> Result<Lock> {
        create_dir(&self.root)?;
        let lock = lock_file(&self.root.join("lock"), progress)?;
        // Whoever was ended in the middle of work left this.
        remove(&self.root.join("tmp"))?;
        Ok(Lock(lock))
    }

    /// Waits until no other process builds a kernel. Who needs the other lock, too, takes this one first.
    pub(crate) fn build_lock(&self, progress: &dyn Progress) -> Result<Lock> {
        create_dir(&self.build())?;
        let lock = lock_file(&self.build().join("lock"), progress)?;
        Ok(Lock(lock))
    }

    /// A new folder for half-done work, on the cache's own file system so that it can be moved into place.
    pub(crate) fn scratch(&self) -> Result<tempfile::TempDir> {
        let dir = self.root.join("tmp");
        create_dir(&dir)?;
        tempfile::Builder::new()
            .prefix("work-")
            .tempdir_in(&dir)
            .map_err(|e| Error::io("create a folder in", &dir, e))
    }

    /// Removes something of the cache; the lock must be held. It is moved away first: what is left of it when that is ended in
    /// the middle cannot be taken for the whole, and the next to have the lock removes it.
    pub(crate) fn discard(&self, path: &Path) -> Result<()> {
        // On a full disk there may be no room for one more folder.
        let Ok(scratch) = self.scratch() else {
            return remove(path);
        };
        match fs::rename(path, scratch.path().join("away")) {
            Ok(()) => {
                let away = scratch.keep();
                remove(&away)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(_) => remove(path),
        }
    }
}

/// Waits for the lock on `path`, which is created; Ctrl-C ends the wait.
pub(crate) fn lock_file(path: &Path, progress: &dyn Progress) -> Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| Error::io("create", path, e))?;
    let mut waits = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) if waits => {}
            Err(fs::TryLockError::WouldBlock) => {
                waits = true;
                progress.stage("waiting for another cargo koxide to finish");
            }
            Err(fs::TryLockError::Error(e)) => return Err(Error::io("lock", path, e)),
        }
        interrupt::check()?;
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Creates a folder and those above it.
pub(crate) fn create_dir(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|e| Error::io("create", dir, e))
}

/// Sees that there is space for what is to come: a program that finds the disk full on its way may hang or crash.
pub(crate) fn need_space(dir: &Path, what: &str, needed: u64) -> Result<()> {
    let Ok(stat) = nix::sys::statvfs::statvfs(dir) else {
        return Ok(());
    };
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    if free >= needed {
        return Ok(());
    }
    Err(Error::NoSpace {
        what: what.to_owned(),
        path: dir.to_owned(),
        needed,
        free,
    })
}

/// Removes a file or a folder with all that is in it; it need not be there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.map_err(|e| Error::io("remove", path, e))
}

/// Writes a file as a whole or not at all, in a folder that need not be there.
///
/// # Errors
/// When the folder cannot be created, or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    create_dir(dir)?;
    let attempt = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        io::Write::write_all(&mut file, bytes)?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(mode)?;
        file.persist(path)?;
        Ok(())
    };
    attempt().map_err(|e| Error::io("write", path, e))
}

/// Writes a file unless it already has these bytes, so that make sees no change; says whether it wrote.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(false);
    }
    write(path, bytes)?;
    Ok(true)
}

/// How many bytes on disk a folder takes.
pub(crate) fn disk_use(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    walkdir::WalkDir::new(dir)
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.blocks() * 512)
        .sum()
}

fn locate(var: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("KOXIDE_CACHE")
        // A relative XDG folder is to be ignored, says its specification.
        .or_else(|| {
            set("XDG_CACHE_HOME")
                .filter(|p| p.is_absolute())
                .map(|p| p.join("koxide"))
        })
        .or_else(|| set("HOME").map(|p| p.join(".cache/koxide")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(vars: &[(&str, &str)]) -> Option<PathBuf> {
        locate(|name| {
            let var = vars.iter().find(|(key, _)| *key == name)?;
            Some(OsString::from(var.1))
        })
    }

    #[test]
    fn variables_say_where_it_is() {
        let home = ("HOME", "/home/a b");
        let xdg = ("XDG_CACHE_HOME", "/var/c");
        assert_eq!(
            located(&[home, xdg, ("KOXIDE_CACHE", "/k")]),
            Some("/k".into())
        );
        assert_eq!(located(&[home, xdg]), Some("/var/c/koxide".into()));
        assert_eq!(
            located(&[home, ("XDG_CACHE_HOME", "c")]),
            Some("/home/a b/.cache/koxide".into())
        );
        assert_eq!(
            located(&[home, ("KOXIDE_CACHE", "")]),
            Some("/home/a b/.cache/koxide".into())
        );
        assert_eq!(located(&[]), None);
    }

    #[test]
    fn refusals_have_words_of_their_own() {
        let path = Path::new("/c");
        let error = |kind: io::ErrorKind| Error::io("write", path, kind.into());
        assert!(matches!(
            error(io::ErrorKind::StorageFull),
            Error::DiskFull { .. }
        ));
        assert!(matches!(
            error(io::ErrorKind::PermissionDenied),
            Error::ReadOnly { .. }
        ));
        assert!(matches!(error(io::ErrorKind::NotFound), Error::Io { .. }));
    }

    #[test]
    fn space_is_asked_for_before() {
        let dir = tempfile::tempdir().unwrap();
        need_space(dir.path(), "little", 1).unwrap();
        let error = need_space(dir.path(), "the kernel 6.1", u64::MAX).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the kernel 6.1 takes 18446744073710 MB and only")
        );
    }

    #[test]
    fn two_lock_holders_take_turns() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let first = cache.lock(&Silent).unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let other = cache.clone();
        let thread = std::thread::spawn(move || {
            let _lock = other.lock(&Silent).unwrap();
            sender.send(()).unwrap();
        });
        let wait = std::time::Duration::from_millis(150);
        assert!(receiver.recv_timeout(wait).is_err());
        drop(first);
        receiver
            .recv_timeout(std::time::Duration::from_secs(10))
            .unwrap();
        thread.join().unwrap();
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let left = cache.scratch().unwrap().keep();
        let _lock = cache.lock(&Silent).unwrap();
        assert!(!left.exists());
    }

    #[test]
    fn remove_all_leaves_what_is_not_ours() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        for ours in [cache.kernels(), cache.vm()] {
            create_dir(&ours.join("a")).unwrap();
        }
        fs::write(dir.path().join("thesis.txt"), "text").unwrap();
        assert!(cache.remove_all().unwrap() > 0);
        let left: Vec<_> = fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].file_name(), "thesis.txt");
    }

    #[test]
    fn an_equal_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("sub/file");
        assert!(write_if_changed(&file, b"x").unwrap());
        assert!(!write_if_changed(&file, b"x").unwrap());
    }
}
