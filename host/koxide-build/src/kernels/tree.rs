// SPDX-License-Identifier: MIT OR Apache-2.0

//! Folders of a kernel's source tree, from the packages in which the distribution has it (`linux-source-*`).

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Component, Path, PathBuf};

use koxide_process::interrupt;
use liblzma::bufread::XzDecoder;

use crate::arch::Arch;
use crate::cache::{self, Cache};
use crate::progress::Progress;

use super::apt::Apt;
use super::error::{Error, Result};
use super::version::compare;
use super::{Options, Package, Suite, debian, fetch};

/// How the packages are called, before the version.
const PREFIX: &str = "linux-source-";

/// A folder of a kernel's source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The package that it is from.
    pub package: String,
    /// The package's version.
    pub version: String,
    /// Where the folder is now.
    pub dir: PathBuf,
}

/// A folder of the source tree in the package `wanted` of a suite, fetched unless it is in the cache.
///
/// When the suite no longer has that package, the newest source package that it has is taken: the answer says which.
///
/// # Errors
/// [`Error::NoTree`] when the suite has no sources at all or these have no such folder; [`Error::Package`] when the
/// package is broken; those of fetching a kernel.
pub fn tree(
    cache: &Cache,
    suite: &str,
    wanted: &str,
    folder: &str,
    options: &Options<'_>,
) -> Result<Tree> {
    let _lock = cache.lock(options.progress)?;
    let name = Suite::plain(suite, Arch::default());
    let (apt, _) = fetch::lists(cache, &name, options, false)?;
    let no_tree = || Error::NoTree {
        name: name.to_string(),
        folder: folder.to_owned(),
    };
    let package = choose(&apt, suite, wanted)?.ok_or_else(no_tree)?;
    let whole = cache
        .sources()
        .join(format!("{}_{}", package.name, package.version));
    let tree = Tree {
        dir: whole.join(folder),
        package: package.name.clone(),
        version: package.version.clone(),
    };
    if tree.dir.exists() {
        return Ok(tree);
    }
    if options.offline {
        return Err(Error::Offline { name: package.name });
    }
    let scratch = cache.scratch()?;
    let archive = archive(cache, &apt, &package, scratch.path(), options.progress)?;
    let stage = format!("unpacking {folder} of {}", package.name);
    options.progress.stage(&stage);
    let out = scratch.path().join("folder");
    cache::create_dir(&out)?;
    if extract(&archive, &out, |path| below(path, folder))? == 0 {
        return Err(no_tree());
    }
    if let Some(parent) = tree.dir.parent() {
        cache::create_dir(parent)?;
    }
    fs::rename(&out, &tree.dir).map_err(|e| cache::Error::io("create", &tree.dir, e))?;
    apt.tidy()?;
    Ok(tree)
}

/// Fetches a source package, and unpacks it into `scratch`: the archive of the tree that is in it; needs the lock.
pub(crate) fn archive(
    cache: &Cache,
    apt: &Apt,
    package: &Package,
    scratch: &Path,
    progress: &dyn Progress,
) -> Result<PathBuf> {
    fetch::unpacker()?;
    let what = format!("fetching {}", package.name);
    // The package, what is in it, and what is taken out of that.
    cache::need_space(cache.root(), &what, package.bytes * 3)?;
    progress.stage(&what);
    let files = fetch::download(apt, std::slice::from_ref(package), scratch, progress)?;
    let root = scratch.join("root");
    fetch::unpack(&files, &root, progress)?;
    Ok(root.join(format!("usr/src/{}.tar.xz", package.name)))
}

/// The newest package of that very name in any of the suites, with the apt that fetches it and the archives that were
/// looked at; needs the lock.
pub(crate) fn newest(
    cache: &Cache,
    suites: &[String],
    wanted: &str,
    options: &Options<'_>,
) -> Result<Option<(Apt, Package, Vec<String>)>> {
    let mut best: Option<(Apt, Package, Vec<String>)> = None;
    let mut failed = None;
    for suite in suites {
        let (apt, mirrors) =
            match fetch::lists(cache, &Suite::plain(suite, Arch::default()), options, false) {
                Ok(lists) => lists,
                // A suite that this machine cannot reach matters only when no other has the package.
                Err(error) => {
                    failed.get_or_insert(error);
                    continue;
                }
            };
        let found = choose(&apt, suite, wanted)?.filter(|package| package.name == wanted);
        let Some(package) = found else { continue };
        let newer = |best: &Package| compare(&package.version, &best.version).is_gt();
        if best.as_ref().is_none_or(|(_, best, _)| newer(best)) {
            best = Some((apt, package, mirrors));
        }
    }
    match (best, failed) {
        (None, Some(error)) => Err(error),
        (best, _) => Ok(best),
    }
}

/// The package to fetch: the newest version of the one that is wanted, else the newest release.
fn choose(apt: &Apt, suite: &str, wanted: &str) -> Result<Option<Package>> {
    let mut names = apt.names(PREFIX)?;
    names.retain(|name| release(name).is_some());
    if names.iter().any(|name| name == wanted) {
        names.retain(|name| name == wanted);
    }
    let stanzas = apt.show(&names)?;
    // The base suite is among the lists of a backport.
    let of_suite = |version: &str| !suite.ends_with("-backports") || version.contains("~bpo");
    let packages = stanzas.iter().filter(|s| of_suite(debian::version(s)));
    let packages = packages.filter_map(debian::package);
    Ok(packages.max_by(|a, b| compare(&a.version, &b.version)))
}

/// `7.3` of `linux-source-7.3`.
fn release(package: &str) -> Option<&str> {
    let rest = package.strip_prefix(PREFIX)?;
    let numeric = rest.split('.').all(|part| part.parse::<u32>().is_ok());
    numeric.then_some(rest)
}

/// Writes files of a source archive into `out`, where `place` says; says how many there were.
pub(crate) fn extract(
    archive: &Path,
    out: &Path,
    place: impl Fn(&Path) -> Option<PathBuf>,
) -> Result<usize> {
    let broken = |error: std::io::Error| Error::Package {
        file: archive.to_owned(),
        said: error.to_string(),
    };
    let file = File::open(archive).map_err(broken)?;
    let decoder = XzDecoder::new_multi_decoder(BufReader::with_capacity(1 << 20, file));
    let mut tar = tar::Archive::new(decoder);
    let mut count = 0;
    for entry in tar.entries().map_err(broken)? {
        interrupt::check().map_err(koxide_process::Error::from)?;
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let Some(place) = place(&path) else {
            continue;
        };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let place = out.join(place);
        if let Some(parent) = place.parent() {
            cache::create_dir(parent)?;
        }
        entry
            .unpack(&place)
            .map_err(|e| cache::Error::io("write", &place, e))?;
        count += 1;
    }
    Ok(count)
}

/// Where a file of the archive is below `folder`; the archive has one folder around everything.
pub(crate) fn below(path: &Path, folder: &str) -> Option<PathBuf> {
    let mut parts = path.components();
    parts.next()?;
    let rest = parts.as_path().strip_prefix(folder).ok()?;
    let plain = rest
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && rest.components().next().is_some()).then(|| rest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_folder_is_taken() {
        let below = |path: &str| below(Path::new(path), "samples/rust");
        assert_eq!(
            below("linux-source-7.3/samples/rust/a.rs"),
            Some("a.rs".into())
        );
        assert_eq!(
            below("linux-source-7.3/samples/rust/host/a.rs"),
            Some("host/a.rs".into())
        );
        assert_eq!(below("linux-source-7.3/samples/rust/"), None);
        assert_eq!(below("linux-source-7.3/samples/rusty/a.rs"), None);
        assert_eq!(below("linux-source-7.3/samples/rust/../../a"), None);
    }

    #[test]
    fn releases_are_numbers() {
        assert_eq!(release("linux-source-7.3"), Some("7.3"));
        assert_eq!(release("linux-source-7.3-rt"), None);
        assert_eq!(release("linux-source"), None);
    }

    #[test]
    fn files_come_out_of_an_archive() {
        let dir = tempfile::tempdir().unwrap();
        let archive = dir.path().join("linux-source-1.2.tar.xz");
        let encoder = liblzma::write::XzEncoder::new(File::create(&archive).unwrap(), 1);
        let mut tar = tar::Builder::new(encoder);
        for path in ["l/samples/rust/a.rs", "l/samples/c/a.c"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(3);
            header.set_mode(0o644);
            tar.append_data(&mut header, path, &b"abc"[..]).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();
        let out = dir.path().join("out");
        let of_rust = |path: &Path| below(path, "samples/rust");
        assert_eq!(extract(&archive, &out, of_rust).unwrap(), 1);
        assert_eq!(fs::read(out.join("a.rs")).unwrap(), b"abc");
        fs::write(&archive, "no archive").unwrap();
        assert!(extract(&archive, &out, of_rust).is_err());
    }
}
