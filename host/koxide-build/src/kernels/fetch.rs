// SPDX-License-Identifier: MIT OR Apache-2.0

//! Brings packages into the cache: fetch, compare, unpack, move into place.

use std::fs;
use std::path::{Path, PathBuf};

use koxide_process::{Command, interrupt};

use crate::arch::Arch;
use crate::cache::{self, Cache};
use crate::progress::Progress;

use super::apt::Apt;
use super::debian;
use super::error::{Error, Result};
use super::sources::{self, Archive};
use super::store;
use super::{KernelName, Options, Package, Plan, Record, Source, Suite};

/// Where a suite comes from: what the user said, else what the machine's apt knows.
fn archives(name: &str, suite: &str, source: Option<&Source>) -> Result<Vec<Archive>> {
    if let Some(source) = source {
        let keyring = source.keyring.display().to_string();
        return Ok(sources::from_mirror(&source.mirror, &keyring, suite));
    }
    let archives = sources::known()?.for_suite(suite);
    if archives.is_empty() {
        return Err(Error::NoSource {
            name: name.to_owned(),
        });
    }
    Ok(archives)
}

/// Where the package lists for a kernel are: those of one suite and architecture serve all its flavours.
pub(crate) fn lists_dir(cache: &Cache, kernel: &Suite) -> PathBuf {
    let suite = &kernel.suite;
    match kernel.flavour.arch() {
        Arch::X86_64 => cache.apt().join(suite),
        arch => cache.apt().join(format!("{suite}-{arch}")),
    }
}

/// The package lists for a kernel, from where that kernel comes from, and the archives that they are of; needs the lock.
pub(crate) fn lists(
    cache: &Cache,
    kernel: &Suite,
    options: &Options<'_>,
    newest: bool,
) -> Result<(Apt, Vec<String>)> {
    let known = store::remembered(cache, &KernelName::Debian(kernel.clone()))?;
    let source = known.and_then(|known| known.source);
    lists_from(cache, kernel, source.as_ref(), options, newest)
}

/// The same from a source that the user named, else from what the machine's apt knows; needs the lock.
pub(crate) fn lists_from(
    cache: &Cache,
    kernel: &Suite,
    source: Option<&Source>,
    options: &Options<'_>,
    newest: bool,
) -> Result<(Apt, Vec<String>)> {
    let name = kernel.to_string();
    let mut archives = archives(&name, &kernel.suite, source)?;
    let mut arches = vec![kernel.flavour.arch(), debian::host()];
    arches.dedup();
    let dir = lists_dir(cache, kernel);
    let mut apt = Apt::prepare(dir.clone(), &name, &archives, &arches)?;
    if options.offline {
        if !apt.has_lists() {
            return Err(Error::Offline { name });
        }
    } else if let Err(error) = apt.update(newest, options.progress) {
        // The suite itself must be there; what only brings updates to it need not be.
        let without = without_broken(&archives, &error).ok_or(error)?;
        for gone in archives.iter().filter(|a| !without.contains(a)) {
            options.progress.warn(&format!(
                "{} is out of step at {} and is left out: {name} may not be the newest",
                gone.suite, gone.uri
            ));
        }
        archives = without;
        apt = Apt::prepare(dir, &name, &archives, &arches)?;
        apt.update(newest, options.progress)?;
    }
    let mirrors = archives.iter().map(|a| format!("{} {}", a.uri, a.suite));
    Ok((apt, mirrors.collect()))
}

/// The archives without those that are out of step, when it is not the suite itself that is.
fn without_broken(archives: &[Archive], error: &Error) -> Option<Vec<Archive>> {
    let Error::OutOfStep { lists, .. } = error else {
        return None;
    };
    let is_broken = |archive: &&Archive| {
        let uri = archive.uri.trim_end_matches('/');
        let place = format!("{uri}/dists/{}/", archive.suite);
        lists.iter().any(|list| list.starts_with(&place))
    };
    let (broken, rest): (Vec<_>, Vec<_>) = archives.iter().partition(is_broken);
    let suite_is_there = rest.first() == archives.first().as_ref();
    (suite_is_there && !broken.is_empty()).then(|| rest.into_iter().cloned().collect())
}

/// What the newest kernel of a suite consists of; needs the lock.
pub(crate) fn plan(
    cache: &Cache,
    kernel: &Suite,
    options: &Options<'_>,
    newest: bool,
) -> Result<(Apt, Plan, Vec<String>)> {
    let (apt, mirrors) = lists(cache, kernel, options, newest)?;
    let plan = debian::plan(&apt, kernel)?;
    Ok((apt, plan, mirrors))
}

/// The folder that holds a planned kernel.
pub(crate) fn id(plan: &Plan) -> String {
    let version = plan.packages.first().map_or("", |p| p.version.as_str());
    format!("{}_{version}", plan.release)
}

/// Fetches the newest kernel of a suite unless it is there, and returns its id; needs the lock.
pub(crate) fn debian(
    cache: &Cache,
    kernel: &Suite,
    options: &Options<'_>,
    newest: bool,
) -> Result<String> {
    let (apt, plan, mirrors) = plan(cache, kernel, options, newest)?;
    let id = id(&plan);
    let target = store::dir(cache, &id);
    if store::is_whole(cache, &id) {
        return Ok(id);
    }
    let progress = options.progress;
    // Before the download, which takes long.
    unpacker()?;
    let what = format!("fetching the kernel {}", plan.release);
    cache::need_space(cache.root(), &what, plan.download + plan.unpacked)?;
    let scratch = cache.scratch()?;
    progress.stage(&what);
    let files = download(&apt, &plan.packages, scratch.path(), progress)?;
    progress.stage(&format!("unpacking the kernel {}", plan.release));
    let root = scratch.path().join("kernel/root");
    unpack(&files, &root, progress)?;
    let record = Record {
        name: kernel.to_string(),
        release: plan.release,
        packages: plan.packages,
        fetched: store::now(),
        mirrors,
        built: None,
    };
    place(&scratch.path().join("kernel"), &target, &record)?;
    apt.tidy()?;
    Ok(id)
}

/// Fetches packages into a folder of `scratch`, and compares each with what was planned; the files in the same order.
pub(crate) fn download(
    apt: &Apt,
    packages: &[Package],
    scratch: &Path,
    progress: &dyn Progress,
) -> Result<Vec<PathBuf>> {
    let dir = scratch.join("packages");
    cache::create_dir(&dir)?;
    let wanted: Vec<String> = packages
        .iter()
        .map(|p| format!("{}={}", p.name, p.version))
        .collect();
    let total = packages.iter().map(|p| p.bytes).sum();
    apt.download(&wanted, total, &dir, progress)?;
    compare(&dir, packages)
}

/// Unpacks package files that the user has, and returns the kernel's id; needs the lock.
pub(crate) fn files(
    cache: &Cache,
    name: &KernelName,
    files: &[PathBuf],
    progress: &dyn Progress,
) -> Result<String> {
    let (mut packages, mut arches) = (Vec::new(), Vec::new());
    for file in files {
        if !file.is_file() {
            return Err(Error::NoSuchPath {
                name: name.to_string(),
                path: file.clone(),
            });
        }
        let (package, arch) = describe(file)?;
        arches.push((package.name.clone(), arch));
        packages.push(package);
    }
    belong_together(name, &arches)?;
    let hashes: Vec<&str> = packages.iter().map(|p| p.sha256.as_str()).collect();
    let id = format!("deb-{}", store::digest(&hashes.join(" ")));
    let target = store::dir(cache, &id);
    if store::is_whole(cache, &id) {
        return Ok(id);
    }
    let scratch = cache.scratch()?;
    let root = scratch.path().join("kernel/root");
    progress.stage("unpacking the packages");
    unpack(files, &root, progress)?;
    let kernel = super::local::in_unpacked(name, &root).map_err(|error| match error {
        // The folder that they were unpacked in is gone when this is read.
        Error::NoKernel { name, .. } => Error::NoKernelPackage { name },
        other => other,
    })?;
    let record = Record {
        name: name.to_string(),
        release: kernel.release,
        packages,
        fetched: store::now(),
        mirrors: Vec::new(),
        built: None,
    };
    place(&scratch.path().join("kernel"), &target, &record)?;
    Ok(id)
}

/// Sees that packages that the user named are for one kernel on this machine.
fn belong_together(name: &KernelName, arches: &[(String, String)]) -> Result<()> {
    let wrong = |package: &str, found: &str, wanted: String| Error::PackageArch {
        name: name.to_string(),
        package: package.to_owned(),
        found: found.to_owned(),
        wanted,
    };
    let machine = debian::host().debian();
    let (tools, parts): (Vec<_>, Vec<_>) = arches
        .iter()
        .filter(|(_, arch)| arch != "all")
        .partition(|(package, _)| debian::is_tool(package));
    for (package, arch) in tools {
        if arch != machine {
            let wanted = format!("what it has is run on this machine, which is {machine}");
            return Err(wrong(package, arch, wanted));
        }
    }
    let Some((first, of_first)) = parts.first() else {
        return Ok(());
    };
    for (package, arch) in &parts {
        if arch != of_first {
            return Err(wrong(package, arch, format!("{first} is for {of_first}")));
        }
    }
    Ok(())
}

/// What a package file says of itself, and the architecture that it is for.
fn describe(file: &Path) -> Result<(Package, String)> {
    let output = Command::new("dpkg-deb")
        .arg("--show")
        .args(["--showformat", "${Package}\t${Version}\t${Architecture}"])
        .arg(file)
        .output()
        .map_err(|e| corrupt(file, e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut fields = text.split('\t').map(str::to_owned);
    let mut field = || fields.next().unwrap_or_default();
    let (name, version, arch) = (field(), field(), field());
    let bytes = fs::metadata(file).map_or(0, |meta| meta.len());
    let package = Package {
        name,
        version,
        sha256: store::sha256(file)?,
        bytes,
    };
    Ok((package, arch))
}

fn corrupt(file: &Path, error: koxide_process::Error) -> Error {
    match error {
        koxide_process::Error::Failed { stderr, .. } if stderr.contains("No space left") => {
            cache::Error::DiskFull {
                path: file.to_owned(),
            }
            .into()
        }
        koxide_process::Error::Failed { stderr, .. } => Error::Package {
            file: file.to_owned(),
            said: stderr,
        },
        other => other.into(),
    }
}

/// Compares what was fetched with what was planned, by hash; apt did so too, and this is what the record says.
fn compare(dir: &Path, packages: &[Package]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "deb") {
            found.push((store::sha256(&path)?, path));
        }
    }
    packages
        .iter()
        .map(|package| {
            let hit = found.iter().find(|(hash, _)| *hash == package.sha256);
            hit.map(|(_, path)| path.clone()).ok_or_else(|| {
                let file = dir.join(format!("{}_{}.deb", package.name, package.version));
                let said = format!(
                    "no file that was fetched has the SHA-256 {}",
                    package.sha256
                );
                Error::Package { file, said }
            })
        })
        .collect()
}

/// Sees that there is a program that unpacks.
pub(crate) fn unpacker() -> Result<()> {
    Command::new("dpkg-deb").arg("--version").output()?;
    Ok(())
}

pub(crate) fn unpack(files: &[PathBuf], root: &Path, progress: &dyn Progress) -> Result<()> {
    cache::create_dir(root)?;
    let size = |file: &PathBuf| fs::metadata(file).map_or(0, |meta| meta.len());
    let total: u64 = files.iter().map(size).sum();
    let mut done = 0;
    progress.bytes(done, total);
    for file in files {
        interrupt::check().map_err(koxide_process::Error::from)?;
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(file)
            .arg(root)
            .output()
            .map_err(|e| corrupt(file, e))?;
        done += size(file);
        progress.bytes(done, total);
    }
    Ok(())
}

fn place(from: &Path, to: &Path, record: &Record) -> Result<()> {
    store::write_record(from, record)?;
    store::place(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn only_what_updates_a_suite_may_be_out_of_step() {
        let archive = |suite: &str| Archive {
            uri: "http://m.test/debian/".to_owned(),
            suite: suite.to_owned(),
            origin: None,
            signed_by: None,
        };
        let archives = [archive("bookworm"), archive("bookworm-updates")];
        let broken = |suite: &str| {
            let list = format!("http://m.test/debian/dists/{suite}/main/binary-armhf/Packages.xz");
            let error = Error::OutOfStep {
                name: "x".to_owned(),
                lists: vec![list],
            };
            without_broken(&archives, &error)
        };
        assert_eq!(broken("bookworm"), None);
        assert_eq!(broken("bookworm-updates"), Some(vec![archive("bookworm")]));
        assert_eq!(broken("trixie"), None);
    }

    #[test]
    fn a_corrupt_package_leaves_nothing_behind() {
        let temp = tempfile::tempdir().unwrap();
        let cache = Cache::at(temp.path().join("cache"));
        let file = temp.path().join("image.deb");
        fs::write(&file, "!<arch>\nnot a package").unwrap();
        let name = KernelName::Deb(vec![file.clone()]);
        let error = files(&cache, &name, &[file], &Silent).unwrap_err();
        assert!(matches!(error, Error::Package { .. }), "{error}");
        assert!(!cache.kernels().exists());
    }

    #[test]
    fn packages_of_different_architectures_are_told_apart() {
        let name = KernelName::Deb(vec!["a.deb".into()]);
        let check = |packages: &[(&str, &str)]| {
            let of = |(name, arch): &(&str, &str)| ((*name).to_owned(), (*arch).to_owned());
            let packages: Vec<_> = packages.iter().map(of).collect();
            belong_together(&name, &packages).map_err(|error| error.to_string())
        };
        let host = debian::host().debian();
        let image = ("linux-image-6.1.0-1-arm64", "arm64");
        check(&[
            image,
            ("linux-headers-6.1.0-1-common", "all"),
            ("linux-kbuild-6.1", host),
        ])
        .unwrap();
        let error = check(&[image, ("linux-headers-6.1.0-1-amd64", "amd64")]).unwrap_err();
        assert!(
            error.contains("is for amd64, and linux-image-6.1.0-1-arm64 is for arm64"),
            "{error}"
        );
        let error = check(&[image, ("linux-kbuild-6.1", "s390x")]).unwrap_err();
        assert!(error.contains("linux-kbuild-6.1 is for s390x"), "{error}");
    }

    #[test]
    fn a_file_with_another_hash_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("a_1_amd64.deb"), "abc").unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let package = |sha256: &str| Package {
            name: "a".to_owned(),
            version: "1".to_owned(),
            sha256: sha256.to_owned(),
            bytes: 3,
        };
        assert_eq!(compare(temp.path(), &[package(abc)]).unwrap().len(), 1);
        let other = abc.replace("ba", "bb");
        let error = compare(temp.path(), &[package(&other)]).unwrap_err();
        assert!(error.to_string().contains("corrupt or truncated"));
    }
}
