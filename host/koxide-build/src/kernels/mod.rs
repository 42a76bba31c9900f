// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels by name: found on this machine, or fetched from a distribution's archive into the cache.
//!
//! A fetched kernel is used without any network until [`update`]; what was fetched is recorded beside it.

mod apt;
mod deb822;
mod debian;
pub mod debug;
mod error;
mod fetch;
pub(crate) mod fit;
mod flavour;
mod image;
mod kernel;
mod local;
mod name;
pub(crate) mod root;
mod sources;
pub(crate) mod store;
mod tree;
mod version;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::Error;
pub use flavour::Flavour;
pub use kernel::{Headers, Kernel, Package, Record};
pub(crate) use local::resolve_in;
pub use name::{KernelName, ParseError, Suite};
pub use root::{Root, roots};
pub use tree::{Tree, tree};

use crate::cache::{self, Cache};
use crate::progress::{Progress, Silent};
use error::Result;
use store::Remembered;

/// How kernels are looked for.
pub struct Options<'a> {
    /// Never use the network.
    pub offline: bool,
    /// The machine that `running` is about.
    pub machine: Machine,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
}

impl<'a> Options<'a> {
    /// This machine, with the network allowed.
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self {
            offline: false,
            machine: Machine::default(),
            progress,
        }
    }
}

/// The machine that the name `running` is about.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its root folder.
    pub root: PathBuf,
    /// The release that it runs; asked of the system when none is given.
    pub release: Option<String>,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            release: None,
        }
    }
}

/// What fetching a kernel takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The release that the name would stand for.
    pub release: String,
    /// The packages to fetch, or those that were fetched.
    pub packages: Vec<Package>,
    /// How many bytes are to be fetched; none for a kernel that is there.
    pub download: u64,
    /// How many bytes they take unpacked.
    pub unpacked: u64,
    /// The kernel is there already.
    pub fetched: bool,
}

/// Where a Debian suite comes from, when the machine's apt does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The archive's address.
    pub mirror: String,
    /// The file with the public keys that may sign it.
    pub keyring: PathBuf,
}

/// What [`update`] did.
#[derive(Debug, Clone)]
pub struct Update {
    /// The kernel that the name stands for now.
    pub kernel: Kernel,
    /// The release it stood for before.
    pub before: Option<String>,
    /// Something was fetched.
    pub changed: bool,
}

/// One line of [`list`].
#[derive(Debug, Clone)]
pub struct Entry {
    /// The name.
    pub name: KernelName,
    /// The release it stands for.
    pub release: String,
    /// How many bytes on disk its folder in the cache takes.
    pub bytes: u64,
    /// What was fetched.
    pub record: Record,
    /// It has to be built again before it can be used: its configuration is another one now.
    pub outdated: bool,
}

/// The kernel of that name: at once when it is there, else it is fetched.
///
/// # Errors
/// Any [`Error`]; [`Error::Offline`] when it would have to be fetched and may not.
pub fn resolve(cache: &Cache, name: &KernelName, options: &Options<'_>) -> Result<Kernel> {
    if let Some(kernel) = present(cache, name, options)? {
        return Ok(kernel);
    }
    if matches!(name, KernelName::Debug(_)) {
        return Err(unbuilt(cache, name)?);
    }
    if options.offline && matches!(name, KernelName::Debian(_)) {
        return Err(Error::Offline {
            name: name.to_string(),
        });
    }
    let _lock = cache.lock(options.progress)?;
    // Another process may have fetched it while this one waited.
    if let Some(kernel) = present(cache, name, options)? {
        return Ok(kernel);
    }
    let id = match name {
        KernelName::Debian(suite) => fetch::debian(cache, suite, options, false)?,
        KernelName::Deb(files) => fetch::files(cache, name, files, options.progress)?,
        KernelName::Running | KernelName::Path(_) | KernelName::Debug(_) => {
            unreachable!("these are there or an error")
        }
    };
    stand_for(cache, name, &id)?;
    load(cache, name, &id, options)
}

/// Like [`resolve`], but never fetches.
///
/// # Errors
/// [`Error::NotFetched`] when the kernel is not there, or any other [`Error`].
pub fn show(cache: &Cache, name: &KernelName, options: &Options<'_>) -> Result<Kernel> {
    match present(cache, name, options)? {
        Some(kernel) => Ok(kernel),
        None if matches!(name, KernelName::Debug(_)) => Err(unbuilt(cache, name)?),
        None => Err(not_fetched(name)),
    }
}

/// What fetching the kernel would take; refreshes the package lists unless the network is forbidden.
///
/// # Errors
/// Any [`Error`].
pub fn plan(cache: &Cache, name: &KernelName, options: &Options<'_>) -> Result<Plan> {
    if let Some(kernel) = present(cache, name, options)? {
        return Ok(Plan {
            release: kernel.release,
            packages: kernel.record.map_or(Vec::new(), |record| record.packages),
            download: 0,
            unpacked: 0,
            fetched: true,
        });
    }
    match name {
        KernelName::Debian(suite) => {
            let _lock = cache.lock(options.progress)?;
            let (_, plan, _) = fetch::plan(cache, suite, options, false)?;
            Ok(plan)
        }
        _ => Ok(Plan {
            release: String::new(),
            packages: Vec::new(),
            download: 0,
            unpacked: 0,
            fetched: false,
        }),
    }
}

/// Remembers where a Debian suite comes from, when that is given, and fetches the kernel.
///
/// # Errors
/// Any [`Error`]; a source that does not work is not remembered.
pub fn add(
    cache: &Cache,
    name: &KernelName,
    source: Option<&Source>,
    options: &Options<'_>,
) -> Result<Kernel> {
    let Some(source) = source else {
        return resolve(cache, name, options);
    };
    let before = store::remembered(cache, name)?;
    remember_source(cache, name, source)?;
    resolve(cache, name, options).inspect_err(|_| {
        // The error to report is the one that came first.
        let _ = match &before {
            Some(before) => store::remember(cache, name, before),
            None => store::forget(cache, name),
        };
    })
}

/// Remembers where a Debian suite comes from; the kernel that the name stood for is forgotten.
///
/// # Errors
/// [`Error::NoKeyring`], or when the cache cannot be changed.
pub fn remember_source(cache: &Cache, name: &KernelName, source: &Source) -> Result<()> {
    let keyring = std::path::absolute(&source.keyring).unwrap_or(source.keyring.clone());
    if !keyring.is_file() {
        return Err(Error::NoKeyring { path: keyring });
    }
    let what = Remembered {
        name: name.to_string(),
        kernel: None,
        source: Some(Source {
            mirror: source.mirror.clone(),
            keyring,
        }),
    };
    let _lock = cache.lock(&Silent)?;
    store::remember(cache, name, &what)
}

/// Makes the name stand for the newest kernel that its source has, and removes the one it stood for.
///
/// # Errors
/// Any [`Error`].
pub fn update(cache: &Cache, name: &KernelName, options: &Options<'_>) -> Result<Update> {
    let KernelName::Debian(suite) = name else {
        let kernel = resolve(cache, name, options)?;
        return Ok(Update {
            before: Some(kernel.release.clone()),
            kernel,
            changed: false,
        });
    };
    if options.offline {
        return Err(Error::Offline {
            name: name.to_string(),
        });
    }
    let _lock = cache.lock(options.progress)?;
    let old = store::remembered(cache, name)?.and_then(|r| r.kernel);
    let before = present(cache, name, options)?.map(|kernel| kernel.release);
    let id = fetch::debian(cache, suite, options, true)?;
    stand_for(cache, name, &id)?;
    store::sweep(cache)?;
    Ok(Update {
        kernel: load(cache, name, &id, options)?,
        before,
        changed: old.as_deref() != Some(&id),
    })
}

/// Every kernel in the cache, sorted by name.
///
/// # Errors
/// When the cache cannot be read.
pub fn list(cache: &Cache) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for known in store::all(cache)? {
        let (Ok(name), Some(id)) = (known.name.parse(), known.kernel) else {
            continue;
        };
        let dir = store::dir(cache, &id);
        let Some(record) = store::record(&dir, &known.name)? else {
            continue;
        };
        let outdated = match &name {
            KernelName::Debug(line) => !debug::is_current(line, &record),
            _ => false,
        };
        entries.push(Entry {
            outdated,
            name,
            release: record.release.clone(),
            bytes: cache::disk_use(&dir),
            record,
        });
    }
    Ok(entries)
}

/// Forgets a name and removes its kernel, unless another name stands for that one too; returns the bytes freed.
///
/// # Errors
/// [`Error::NotFetched`] when nothing is known of that name, or when the cache cannot be changed.
pub fn remove(cache: &Cache, name: &KernelName) -> Result<u64> {
    let name = &absolute(name);
    if !cache.root().exists() {
        return Err(not_fetched(name));
    }
    // Whoever builds a kernel has this lock first, too.
    let _building = match name {
        KernelName::Debug(_) => Some(cache.build_lock(&Silent)?),
        _ => None,
    };
    let _lock = cache.lock(&Silent)?;
    // A record that cannot be read can still be removed.
    let known = !matches!(store::remembered(cache, name), Ok(None));
    let half_done = match name {
        KernelName::Debug(line) => debug::forget_work(cache, line)?,
        _ => 0,
    };
    if !known && half_done == 0 {
        return Err(not_fetched(name));
    }
    store::forget(cache, name)?;
    if let KernelName::Debian(suite) = name {
        cache.discard(&fetch::lists_dir(cache, suite))?;
    }
    Ok(half_done + store::sweep(cache)?)
}

/// The error for a debug kernel that is not there.
fn unbuilt(cache: &Cache, name: &KernelName) -> Result<Error> {
    let known = store::remembered(cache, name)?.and_then(|known| known.kernel);
    Ok(Error::NotBuilt {
        name: name.to_string(),
        again: known.is_some_and(|id| store::is_whole(cache, &id)),
    })
}

fn not_fetched(name: &KernelName) -> Error {
    Error::NotFetched {
        name: name.to_string(),
    }
}

/// The kernel, when it is on the disk.
fn present(cache: &Cache, name: &KernelName, options: &Options<'_>) -> Result<Option<Kernel>> {
    let name = &absolute(name);
    match name {
        KernelName::Running => local::running(&options.machine).map(Some),
        KernelName::Path(dir) => local::path(name, dir).map(Some),
        KernelName::Debug(line) => {
            let id = store::remembered(cache, name)?.and_then(|known| known.kernel);
            let id = id.filter(|id| store::dir(cache, id).exists());
            let kernel = id.map(|id| load(cache, name, &id, options)).transpose()?;
            Ok(kernel.filter(|k| {
                k.record
                    .as_ref()
                    .is_some_and(|r| debug::is_current(line, r))
            }))
        }
        KernelName::Debian(_) | KernelName::Deb(_) => {
            let id = store::remembered(cache, name)?.and_then(|known| known.kernel);
            match id {
                Some(id) if store::is_whole(cache, &id) => {
                    load(cache, name, &id, options).map(Some)
                }
                _ => Ok(None),
            }
        }
    }
}

/// The name with paths that hold in every folder.
fn absolute(name: &KernelName) -> KernelName {
    let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or(path.clone());
    match name {
        KernelName::Path(dir) => KernelName::Path(absolute(dir)),
        KernelName::Deb(files) => KernelName::Deb(files.iter().map(absolute).collect()),
        other => other.clone(),
    }
}

fn stand_for(cache: &Cache, name: &KernelName, id: &str) -> Result<()> {
    let name = &absolute(name);
    let source = store::remembered(cache, name)?.and_then(|known| known.source);
    let what = Remembered {
        name: name.to_string(),
        kernel: Some(id.to_owned()),
        source,
    };
    store::remember(cache, name, &what)
}

fn load(cache: &Cache, name: &KernelName, id: &str, options: &Options<'_>) -> Result<Kernel> {
    let dir = store::dir(cache, id);
    let record = store::record(&dir, &name.to_string())?.ok_or_else(|| not_fetched(name))?;
    let mut kernel = local::in_root(name, &dir.join("root"), &record.release)?;
    kernel.record = Some(record);
    if let KernelName::Debian(suite) = name {
        kernel.origin = Some(root::Origin {
            cache: cache.clone(),
            kernel: suite.clone(),
            source: store::remembered(cache, name)?.and_then(|known| known.source),
            offline: options.offline,
        });
    }
    Ok(kernel)
}
