// SPDX-License-Identifier: MIT OR Apache-2.0

//! The file system that the machine boots with, as a cpio archive: written without root, device nodes included.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufWriter, Cursor, Write};
use std::path::Path;

use cpio::NewcBuilder;
use cpio::newc::ModeFileType;

use crate::error::Error;

/// What an entry is, beside its permission.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    File(Vec<u8>),
    Link(String),
    CharDevice { major: u32, minor: u32 },
}

/// The archive, still in memory. A path that is added twice keeps what came last.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    entries: BTreeMap<String, (u32, Kind)>,
}

impl Archive {
    /// An archive with the device that the kernel opens for its first process.
    pub(crate) fn new() -> Self {
        let mut archive = Self::default();
        let console = Kind::CharDevice { major: 5, minor: 1 };
        archive
            .entries
            .insert("dev/console".to_owned(), (0o600, console));
        archive
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, path: &str, mode: u32, bytes: Vec<u8>) -> Result<(), Error> {
        self.entries
            .insert(relative(path)?, (mode, Kind::File(bytes)));
        Ok(())
    }

    /// Adds a copy of a file of the host.
    pub(crate) fn copy(&mut self, from: &Path, to: &str, mode: u32) -> Result<(), Error> {
        let bytes = fs::read(from).map_err(Error::file("read", from))?;
        self.add(to, mode, bytes)
    }

    /// Adds a symbolic link.
    pub(crate) fn link(&mut self, path: &str, target: &str) -> Result<(), Error> {
        let link = Kind::Link(target.to_owned());
        self.entries.insert(relative(path)?, (0o777, link));
        Ok(())
    }

    /// Whether there is something at a path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path.trim_start_matches('/'))
    }

    /// Writes the archive to a file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let error = || Error::file("write the initramfs", path);
        let file = File::create(path).map_err(error())?;
        let folders = self.folders().into_iter().map(|folder| {
            let builder = NewcBuilder::new(&folder).set_mode_file_type(ModeFileType::Directory);
            (builder.mode(0o040_755).nlink(2), Cursor::new(Vec::new()))
        });
        let entries = self
            .entries
            .iter()
            .map(|(path, (mode, kind))| entry(path, *mode, kind));
        let mut out =
            cpio::write_cpio(folders.chain(entries), BufWriter::new(file)).map_err(error())?;
        out.flush().map_err(error())
    }

    /// All folders, each before what is in it.
    fn folders(&self) -> BTreeSet<String> {
        let mut folders = BTreeSet::new();
        for path in self.entries.keys() {
            for (end, _) in path.match_indices('/') {
                folders.insert(path[..end].to_owned());
            }
        }
        folders
    }
}

fn entry(path: &str, mode: u32, kind: &Kind) -> (NewcBuilder, Cursor<Vec<u8>>) {
    let builder = NewcBuilder::new(path);
    let (builder, bytes) = match kind {
        Kind::File(bytes) => (builder.mode(0o100_000 | mode), bytes.clone()),
        Kind::Link(target) => (builder.mode(0o120_000 | mode), target.clone().into_bytes()),
        Kind::CharDevice { major, minor } => {
            let builder = builder
                .mode(0o020_000 | mode)
                .rdev_major(*major)
                .rdev_minor(*minor);
            (builder, Vec::new())
        }
    };
    (builder, Cursor::new(bytes))
}

/// The path as it is in the archive: without the first slash.
fn relative(path: &str) -> Result<String, Error> {
    let rest = path.strip_prefix('/').unwrap_or_default();
    let sound = rest.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !sound {
        return Err(Error::GuestPath(path.to_owned()));
    }
    Ok(rest.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use cpio::NewcReader;

    use super::*;

    fn listing(archive: &Archive) -> Vec<(String, u32, Vec<u8>)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("initramfs");
        archive.write(&path).unwrap();
        let mut rest = File::open(path).unwrap();
        let mut entries = Vec::new();
        loop {
            let mut reader = NewcReader::new(rest).unwrap();
            if reader.entry().is_trailer() {
                return entries;
            }
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            let entry = reader.entry();
            entries.push((entry.name().to_owned(), entry.mode(), bytes));
            rest = reader.finish().unwrap();
        }
    }

    #[test]
    fn folders_come_before_what_is_in_them() {
        let mut archive = Archive::new();
        archive.add("/a/b/file", 0o644, b"text".to_vec()).unwrap();
        archive.link("/a/link", "b/file").unwrap();
        let entries = listing(&archive);
        let names: Vec<_> = entries.iter().map(|(name, _, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["a", "a/b", "dev", "a/b/file", "a/link", "dev/console"]
        );
        assert_eq!(entries[3].1, 0o100_644);
        assert_eq!(entries[3].2, b"text");
        assert_eq!(
            (entries[4].1, &entries[4].2[..]),
            (0o120_777, &b"b/file"[..])
        );
        assert_eq!(entries[5].1, 0o020_600);
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_refused() {
        let mut archive = Archive::new();
        for path in ["relative", "/a/../b", "/", "/a//b"] {
            assert!(archive.add(path, 0o644, Vec::new()).is_err(), "{path}");
        }
    }
}
