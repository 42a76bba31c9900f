// SPDX-License-Identifier: MIT OR Apache-2.0

//! Debug kernels: built on this machine from Debian's sources, with all that watches what drivers do.
//!
//! ```text
//! build/<id>/source/     the tree, without what no configuration of ours asks for
//! build/<id>/objects/    make's output: a build that was interrupted goes on from here
//! kernels/<id>/root/     what is kept, laid out as Debian's packages are
//! ```
//!
//! The id tells the package's version, the configuration and the compiler: another one of these is another kernel.

mod config;
mod keep;
mod make;
mod source;

use serde::{Deserialize, Serialize};

use crate::cache::{self, Cache};

use super::apt::Apt;
use super::error::{Error, Result};
use super::store::{self, digest};
use super::{Kernel, KernelName, Options, Package, Record, load, not_fetched, stand_for, tree};
pub(crate) use config::Line;
use make::Compiler;

/// Counts up when the same sources, configuration and compiler give another kernel, or files in other places.
const FORMAT: u32 = 1;

/// What is recorded of a kernel that was built here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Tells the configuration that it was built with.
    pub config: String,
    /// The compiler, with its version.
    pub compiler: String,
    /// How many seconds make took; less when a build went on that was interrupted.
    pub seconds: u64,
}

/// The lines of kernels that debug kernels are made of, such as `6.1`.
pub fn lines() -> impl Iterator<Item = &'static str> {
    config::LINES.iter().map(|line| line.name)
}

/// Builds the debug kernel of a line, from the newest sources that one of the suites has, unless that is done already.
///
/// An interrupted build goes on when it is asked for again.
///
/// # Errors
/// [`Error::NoSourcePackage`], [`Error::Config`], [`Error::Make`], [`Error::NoKernelTools`], those of fetching.
pub fn build(
    cache: &Cache,
    line: &str,
    suites: &[String],
    options: &Options<'_>,
) -> Result<Kernel> {
    let name = KernelName::Debug(line.to_owned());
    let line = config::line(line).ok_or_else(|| not_fetched(&name))?;
    make::tools()?;
    let compiler = Compiler::of_this_machine()?;
    let wanted = format!("linux-source-{}", line.name);
    let (id, record) = {
        let _lock = cache.lock(options.progress)?;
        let found = tree::newest(cache, suites, &wanted, options)?;
        let (apt, package, mirrors) = found.ok_or_else(|| Error::NoSourcePackage {
            package: wanted.clone(),
            suites: suites.to_vec(),
        })?;
        let id = id(line, &package, &compiler);
        if store::is_whole(cache, &id) {
            stand_for(cache, &name, &id)?;
            return load(cache, &name, &id, options);
        }
        source(cache, &id, &apt, &package, options)?;
        (id, record(&name, line, package, mirrors, &compiler))
    };
    finish(cache, &name, line, &id, record, options)
}

/// Makes what is to be made, and puts the finished kernel where it belongs.
fn finish(
    cache: &Cache,
    name: &KernelName,
    line: &Line,
    id: &str,
    mut record: Record,
    options: &Options<'_>,
) -> Result<Kernel> {
    let work = cache.build().join(id);
    // Other kernels are fetched meanwhile; who wants to build this one waits.
    let _building = cache.build_lock(options.progress)?;
    let target = store::dir(cache, id);
    if !store::is_whole(cache, id) {
        let made = make::kernel(&work, line, options.progress)?;
        record.release.clone_from(&made.release);
        if let Some(built) = &mut record.built {
            built.seconds = made.seconds;
        }
        let kept = work.join("kept");
        keep::kernel(&work, &made.release, &kept.join("root"), options.progress)?;
        store::write_record(&kept, &record)?;
        let _lock = cache.lock(options.progress)?;
        store::place(&kept, &target)?;
    }
    let _lock = cache.lock(options.progress)?;
    stand_for(cache, name, id)?;
    store::sweep(cache)?;
    forget_work(cache, line.name)?;
    load(cache, name, id, options)
}

/// The tree to build, fetched unless it is there from a build that did not end; needs the lock.
fn source(
    cache: &Cache,
    id: &str,
    apt: &Apt,
    package: &Package,
    options: &Options<'_>,
) -> Result<()> {
    let work = cache.build().join(id);
    let source = work.join("source");
    if source.exists() {
        return Ok(());
    }
    if options.offline {
        return Err(Error::Offline {
            name: package.name.clone(),
        });
    }
    source::fetch(cache, apt, package, &source, options.progress)
}

fn record(
    name: &KernelName,
    line: &Line,
    package: Package,
    mirrors: Vec<String>,
    compiler: &Compiler,
) -> Record {
    Record {
        name: name.to_string(),
        release: String::new(),
        packages: vec![package],
        fetched: store::now(),
        mirrors,
        built: Some(Built {
            config: line.digest(),
            compiler: compiler.to_string(),
            seconds: 0,
        }),
    }
}

/// Tells one kernel from another; the line comes first, so that what is half done of it can be found.
fn id(line: &Line, package: &Package, compiler: &Compiler) -> String {
    let parts = format!("{FORMAT} {} {compiler}", line.digest());
    // make does not work in a folder with a tilde in its name.
    let version = package.version.replace(['~', ':'], "-");
    format!("debug-{}_{version}_{}", line.name, &digest(&parts)[..8])
}

/// Whether a kernel is of the configuration that this program has.
pub(crate) fn is_current(line: &str, record: &Record) -> bool {
    let built = record.built.as_ref();
    config::line(line).is_some_and(|line| built.is_some_and(|b| b.config == line.digest()))
}

/// Removes what builds of a line left, and says how many bytes that were; needs the lock.
pub(crate) fn forget_work(cache: &Cache, line: &str) -> Result<u64> {
    let mut freed = 0;
    let prefix = format!("debug-{line}_");
    for entry in std::fs::read_dir(cache.build())
        .into_iter()
        .flatten()
        .flatten()
    {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            freed += cache::disk_use(&entry.path());
            cache.discard(&entry.path())?;
        }
    }
    Ok(freed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn make_can_work_in_the_folder_of_any_version() {
        let package = Package {
            name: "linux-source-6.12".to_owned(),
            version: "6.12.117-1~deb12u1+b1".to_owned(),
            sha256: String::new(),
            bytes: 0,
        };
        let compiler = Compiler::of_this_machine().unwrap();
        let line = config::line("6.12").unwrap();
        let id = id(line, &package, &compiler);
        assert!(id.starts_with("debug-6.12_6.12.117-1-deb12u1+b1_"), "{id}");
        assert!(crate::module::is_plain(Path::new(&id)));
        let other = config::line("6.1").unwrap();
        assert_ne!(super::id(other, &package, &compiler), id);
    }
}
