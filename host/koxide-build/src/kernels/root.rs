// SPDX-License-Identifier: MIT OR Apache-2.0

//! Roots to build in: the compiler of a kernel's own distribution with all that it runs on, unpacked in the cache.
//!
//! A root is for the C half of modules whose headers no compiler of this machine is good for. Its packages come from
//! where the kernel came from. They are unpacked and not installed: no script of theirs runs, so that making a root
//! needs neither root nor a namespace, and the same packages make the same root.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cache::{self, Cache};
use crate::gnu::Gnu;
use crate::module;
use crate::progress::{Progress, Silent};

use super::apt::Apt;
use super::error::{Error, Result};
use super::sources::base;
use super::{Options, Package, Source, Suite, debian, fetch, store};

/// What the kernel's own build files run, besides the compiler.
const PROGRAMS: [&str; 9] = [
    "bash",
    "binutils",
    "coreutils",
    "dash",
    "findutils",
    "grep",
    "make",
    "mawk",
    "sed",
];

/// Links that scripts of packages make.
const LINKS: [(&str, &str); 5] = [
    ("bin", "usr/bin"),
    ("sbin", "usr/sbin"),
    ("lib", "usr/lib"),
    ("lib64", "usr/lib64"),
    ("usr/bin/awk", "mawk"),
];

/// What no build reads, and what is a fifth of a root.
const DOCUMENTATION: &str = "usr/share";

/// Where a kernel was fetched from, so that what it needs can be fetched from there, too.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) cache: Cache,
    pub(crate) kernel: Suite,
    /// What the user said of where that is; else the machine's apt knows.
    pub(crate) source: Option<Source>,
    pub(crate) offline: bool,
}

/// What a root is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The release of the distribution that it is of, such as `trixie`.
    pub suite: String,
    /// The compiler in it.
    pub compiler: String,
    /// All packages.
    pub packages: Vec<Package>,
    /// When, as RFC 3339 writes it.
    pub fetched: String,
    /// The archives that were looked at, each an address and a suite.
    pub mirrors: Vec<String>,
}

impl Origin {
    /// The folder in the cache for the root with that compiler.
    pub(crate) fn id(&self, compiler: &str) -> String {
        let asked = format!("{compiler} {}", PROGRAMS.join(" "));
        let asked = &store::digest(&asked)[..8];
        format!("{}_{compiler}_{asked}", base(&self.kernel.suite))
    }

    /// The root with that compiler: at once when it is there, else it is fetched.
    pub(crate) fn root(&self, compiler: &str, progress: &dyn Progress) -> Result<PathBuf> {
        let dir = self.cache.roots().join(self.id(compiler));
        if let Some(root) = finished(&dir) {
            return Ok(root);
        }
        if self.offline {
            return Err(Error::OfflineRoot {
                name: self.kernel.to_string(),
                compiler: compiler.to_owned(),
                package: Gnu::package(compiler),
            });
        }
        let _lock = self.cache.lock(progress)?;
        // Another process may have made it while this one waited.
        if let Some(root) = finished(&dir) {
            return Ok(root);
        }
        self.make(compiler, &dir, progress)
            .map_err(|error| self.no_root(compiler, error))?;
        Ok(dir.join("root"))
    }

    /// The error for a root that cannot be fetched. What is wrong with this machine speaks for itself.
    fn no_root(&self, compiler: &str, error: Error) -> Error {
        match error {
            Error::Cache(_) | Error::Process(_) => error,
            other => Error::NoRoot {
                name: self.kernel.to_string(),
                compiler: compiler.to_owned(),
                package: Gnu::package(compiler),
                source: Box::new(other),
            },
        }
    }

    /// Fetches the packages and unpacks them in a folder that is then moved into place; needs the lock.
    fn make(&self, compiler: &str, dir: &Path, progress: &dyn Progress) -> Result<()> {
        fetch::unpacker()?;
        // The packages are for this machine, whatever the kernel is for.
        let lists = match self.kernel.flavour.arch() == debian::host() {
            true => &self.kernel,
            false => &Suite::plain(&self.kernel.suite, debian::host()),
        };
        let (source, options) = (self.source.as_ref(), Options::new(progress));
        let (apt, mirrors) = fetch::lists_from(&self.cache, lists, source, &options, false)?;
        let (packages, unpacked) = packages(&apt, compiler)?;
        let suite = base(&self.kernel.suite).to_owned();
        let what = format!("fetching {compiler} of {suite} and what it runs on");
        let download: u64 = packages.iter().map(|package| package.bytes).sum();
        cache::need_space(self.cache.root(), &what, download + unpacked)?;
        let scratch = self.cache.scratch()?;
        progress.stage(&what);
        let files = fetch::download(&apt, &packages, scratch.path(), progress)?;
        progress.stage(&format!("unpacking {compiler} of {suite}"));
        let new = scratch.path().join("new");
        fetch::unpack(&files, &new.join("root"), progress)?;
        complete(&new.join("root"))?;
        let record = Root {
            suite,
            compiler: compiler.to_owned(),
            packages,
            fetched: store::now(),
            mirrors,
        };
        store::write_json(&new.join(store::RECORD), &record)?;
        store::place(&new, dir)?;
        apt.tidy()
    }
}

/// The root in a folder of the cache; what has no record or no compiler is none.
fn finished(dir: &Path) -> Option<PathBuf> {
    let record = fs::read(dir.join(store::RECORD)).ok()?;
    let record: Root = serde_json::from_slice(&record).ok()?;
    let root = dir.join("root");
    let compiler = root.join("usr/bin").join(record.compiler);
    compiler.exists().then_some(root)
}

/// The packages of a root, and how many bytes they take unpacked.
fn packages(apt: &Apt, compiler: &str) -> Result<(Vec<Package>, u64)> {
    let package = Gnu::package(compiler);
    let mut wanted = PROGRAMS.to_vec();
    wanted.push(&package);
    let chosen: BTreeSet<(String, String)> = apt.closure(&wanted)?.into_iter().collect();
    let names: Vec<String> = chosen.iter().map(|(name, _)| name.clone()).collect();
    let mut stanzas = apt.show(&names)?;
    // Two archives of a suite may have the same package.
    let mut left = chosen;
    stanzas.retain(|stanza| {
        let field = |name| stanza.get(name).unwrap_or_default().to_owned();
        left.remove(&(field("Package"), field("Version")))
    });
    let kib = |stanza: &super::deb822::Stanza| stanza.get("Installed-Size")?.parse::<u64>().ok();
    let unpacked = stanzas.iter().filter_map(kib).sum::<u64>() * 1024;
    Ok((
        stanzas.iter().filter_map(debian::package).collect(),
        unpacked,
    ))
}

/// Makes of unpacked packages what programs can run in.
fn complete(root: &Path) -> Result<()> {
    cache::remove(&root.join(DOCUMENTATION))?;
    for (link, to) in LINKS {
        let link = root.join(link);
        if fs::symlink_metadata(&link).is_err() {
            symlink(to, &link).map_err(|e| cache::Error::io("create", &link, e))?;
        }
    }
    Ok(())
}

/// Removes the roots that no kernel in the cache asks for; the lock must be held. Returns the bytes freed.
pub(crate) fn sweep(cache: &Cache) -> Result<u64> {
    let mut used = BTreeSet::new();
    for known in store::all(cache)? {
        let (Ok(name), Some(id)) = (known.name.parse(), known.kernel) else {
            continue;
        };
        // A kernel whose record is damaged asks for nothing until it was fetched again.
        if let Ok(kernel) = super::load(cache, &name, &id, &Options::new(&Silent))
            && let Some(origin) = &kernel.origin
        {
            used.insert(origin.id(&module::wanted(&kernel)));
        }
    }
    let mut freed = 0;
    for entry in fs::read_dir(cache.roots()).into_iter().flatten().flatten() {
        if !used.contains(entry.file_name().to_string_lossy().as_ref()) {
            freed += cache::disk_use(&entry.path());
            cache.discard(&entry.path())?;
        }
    }
    Ok(freed)
}

/// Every root in the cache, with the bytes that it takes.
///
/// # Errors
/// When the cache cannot be read.
pub fn roots(cache: &Cache) -> Result<Vec<(Root, u64)>> {
    let mut roots = Vec::new();
    for entry in fs::read_dir(cache.roots()).into_iter().flatten().flatten() {
        let record = fs::read(entry.path().join(store::RECORD)).unwrap_or_default();
        if let Ok(record) = serde_json::from_slice::<Root>(&record) {
            roots.push((record, cache::disk_use(&entry.path())));
        }
    }
    roots.sort_by(|(a, _), (b, _)| (&a.suite, &a.compiler).cmp(&(&b.suite, &b.compiler)));
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{self, KernelName};

    /// A cache with a kernel for each name, whose headers ask for gcc-99.
    fn fetched(names: &[&str]) -> (tempfile::TempDir, Cache) {
        let temp = tempfile::tempdir().unwrap();
        let cache = Cache::at(temp.path().join("cache"));
        for name in names {
            let release = format!("6.12.1-{}", name.replace([':', '/'], "-"));
            let kernel = cache.kernels().join(&release);
            let headers = kernel.join(format!("root/usr/src/linux-headers-{release}"));
            for (file, text) in [
                (
                    "Makefile",
                    "probe.o:\n\t@echo 'error: no such option' >&2; false\n",
                ),
                (".kernelvariables", "CC = $(CROSS_COMPILE)gcc-99\n"),
                ("include/config/auto.conf", "CONFIG_X86_64=y\n"),
            ] {
                cache::write(&headers.join(file), text.as_bytes()).unwrap();
            }
            let record = kernels::Record {
                name: (*name).to_owned(),
                release: release.clone(),
                packages: Vec::new(),
                fetched: String::new(),
                mirrors: Vec::new(),
                built: None,
            };
            store::write_record(&kernel, &record).unwrap();
            remember(&cache, name, &release, None);
        }
        (temp, cache)
    }

    fn remember(cache: &Cache, name: &str, id: &str, source: Option<Source>) {
        let what = store::Remembered {
            name: name.to_owned(),
            kernel: Some(id.to_owned()),
            source,
        };
        store::remember(cache, &name.parse().unwrap(), &what).unwrap();
    }

    fn origin(cache: &Cache, name: &str, offline: bool) -> Origin {
        let mut options = Options::new(&Silent);
        options.offline = offline;
        let kernel = kernels::show(cache, &name.parse().unwrap(), &options).unwrap();
        kernel.origin.unwrap()
    }

    /// Puts a root into the cache, or a part of one.
    fn put(cache: &Cache, origin: &Origin, record: bool, compiler: bool) -> PathBuf {
        let dir = cache.roots().join(origin.id("gcc-99"));
        let made = Root {
            suite: base(&origin.kernel.suite).to_owned(),
            compiler: "gcc-99".to_owned(),
            packages: Vec::new(),
            fetched: String::new(),
            mirrors: Vec::new(),
        };
        if record {
            store::write_json(&dir.join(store::RECORD), &made).unwrap();
        }
        if compiler {
            cache::write(&dir.join("root/usr/bin/gcc-99"), b"").unwrap();
        }
        dir
    }

    #[test]
    fn a_half_made_root_is_not_used() {
        let (_temp, cache) = fetched(&["debian:trixie"]);
        let origin = origin(&cache, "debian:trixie", true);
        for (record, compiler) in [(false, false), (true, false), (false, true)] {
            let dir = put(&cache, &origin, record, compiler);
            let error = origin.root("gcc-99", &Silent).unwrap_err();
            assert!(matches!(error, Error::OfflineRoot { .. }), "{error}");
            let said = error.to_string();
            assert!(
                said.contains("gcc-99") && said.contains("without --offline"),
                "{said}"
            );
            cache::remove(&dir).unwrap();
        }
        let dir = put(&cache, &origin, true, true);
        assert_eq!(origin.root("gcc-99", &Silent).unwrap(), dir.join("root"));
    }

    /// A root for a kernel that was added from an archive that does not have its suite any more.
    fn from_empty_archive(name: &str) -> (String, Error) {
        let (temp, cache) = fetched(&[name]);
        let keyring = temp.path().join("keyring.gpg");
        fs::write(&keyring, "").unwrap();
        let mirror = format!("file:{}", temp.path().display());
        let source = Source {
            mirror: mirror.clone(),
            keyring,
        };
        let id = format!("6.12.1-{}", name.replace([':', '/'], "-"));
        remember(&cache, name, &id, Some(source));
        let origin = origin(&cache, name, false);
        let error = origin.root("gcc-99", &Silent).unwrap_err();
        assert!(!cache.roots().exists());
        let Error::NoRoot { source, .. } = error else {
            panic!("{error}");
        };
        (mirror, *source)
    }

    #[test]
    fn a_suite_that_is_gone_leaves_no_root() {
        let (_, error) = from_empty_archive("debian:nosuch");
        assert!(matches!(error, Error::NoSuchSuite { .. }), "{error}");
    }

    /// The packages of a root are for this machine, and are looked for where the kernel came from all the same.
    #[test]
    fn what_the_user_said_of_a_foreign_kernels_archive_holds_for_its_root() {
        for name in ["debian:nosuch/arm64", "debian:nosuch/armmp"] {
            let (said, error) = from_empty_archive(name);
            assert!(
                matches!(&error, Error::NoSuchSuite { mirror, .. } if *mirror == said),
                "{error}"
            );
        }
    }

    #[test]
    fn suites_share_a_root_which_goes_with_the_last_kernel() {
        let names = ["debian:trixie", "debian:trixie-backports"];
        let (_temp, cache) = fetched(&names);
        let [first, second] = names.map(|name| origin(&cache, name, true));
        assert_eq!(first.id("gcc-99"), second.id("gcc-99"));
        assert_ne!(first.id("gcc-99"), first.id("gcc-98"));
        let root = put(&cache, &first, true, true);
        let listed = roots(&cache).unwrap();
        assert_eq!((listed.len(), listed[0].0.suite.as_str()), (1, "trixie"));

        let [first, second]: [KernelName; 2] = names.map(|name| name.parse().unwrap());
        kernels::remove(&cache, &first).unwrap();
        assert!(root.exists());
        kernels::remove(&cache, &second).unwrap();
        assert!(!root.exists());
    }
}
