// SPDX-License-Identifier: MIT OR Apache-2.0

//! The portable half of a module: one Rust object per driver and architecture, and the C file that goes with it.
//!
//! No kernel takes part in this step, so that the same two files serve every kernel of the architecture; those that were
//! built to look for faults need a [`Variant`].

mod cargo;
mod error;
mod info;
mod kasan;
mod link;
mod source;
mod tables;
pub(crate) mod target;
mod toolchain;
mod unwind;
pub mod variant;

use std::path::{Path, PathBuf};

use object::Object as _;
use object::ObjectSymbol;
use serde::{Deserialize, Serialize};

use crate::cache;
use crate::driver::{Driver, Project};
use crate::kernels::store::{digest, sha256};
use crate::progress::Progress;

pub(crate) use cargo::{run as run_cargo, shared as cargo_options};
pub use error::Error;
use error::Result;
pub use info::{Info, Param};
pub use kasan::Kasan;
pub(crate) use kasan::is_kasans;
pub(crate) use toolchain::Toolchain;
pub(crate) use unwind::RAISE;
pub use variant::Variant;

/// Changes when this module makes other files of the same input, so that old ones are not taken for new.
fn format() -> String {
    const COUNT: u32 = 6;
    let parts = [link::SCRIPT, link::CONSTRUCTORS, env!("CARGO_PKG_VERSION")];
    digest(&format!("{COUNT} {}", parts.join("\n")))
}

/// How a driver is built.
pub struct BuildOptions<'a> {
    /// Never use the network.
    pub offline: bool,
    /// Whether the compiler's messages are coloured.
    pub color: Color,
    /// Build the in-kernel tests too.
    pub kunit: bool,
    /// For which kernels: stock ones, unless something else is said.
    pub variant: Variant,
    /// cargo tells nothing but warnings and errors.
    pub quiet: bool,
    /// Who is told how far it is.
    pub progress: &'a dyn Progress,
}

impl<'a> BuildOptions<'a> {
    /// A plain build.
    pub fn new(progress: &'a dyn Progress) -> Self {
        Self {
            offline: false,
            color: Color::Auto,
            kunit: false,
            variant: Variant::default(),
            quiet: false,
            progress,
        }
    }
}

/// When the compiler's messages are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A driver as one object and one C file: all that a machine without Rust needs, besides the shims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    /// The module's name.
    pub name: String,
    /// The driver's in-kernel tests are in it.
    pub kunit: bool,
    /// The object.
    pub object: PathBuf,
    /// The C file.
    pub source: PathBuf,
    /// What the way up the stack is found by.
    pub unwind: PathBuf,
    /// The SHA-256 of the object.
    pub sha256: String,
    /// There was nothing to do.
    pub fresh: bool,
}

/// What is kept beside the artefact to know whether it is fresh.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    format: String,
    /// The archive that cargo made.
    archive: String,
    /// The C file depends on which shims there are.
    shims: Vec<String>,
    name: String,
    object: String,
    /// It was compiled as one that does not panic.
    calm: bool,
}

/// The object that is about to take its place.
const NEW: &str = "linked.o";

impl Artefact {
    /// Takes up an artefact from the disk: `NAME.o`, with `NAME.c` beside it.
    ///
    /// # Errors
    /// When a file is not there or the object is no driver's.
    pub fn open(object: &Path) -> Result<Self> {
        let bytes = link::read(object)?;
        let file = link::parse(object, &bytes)?;
        let has = |name: &str| {
            file.symbols()
                .any(|s| s.is_definition() && s.name() == Ok(name))
        };
        if !has("init_module") {
            return Err(Error::Records {
                why: "it has no init_module".to_owned(),
            });
        }
        let source = object.with_extension("c");
        link::read(&source)?;
        let unwind = object.with_extension("unwind");
        link::read(&unwind)?;
        let stem = object.file_stem().unwrap_or_default().to_string_lossy();
        let name = stem.strip_suffix("-kunit");
        Ok(Self {
            name: name.unwrap_or(&stem).to_owned(),
            kunit: name.is_some(),
            sha256: sha256(object)?,
            object: object.to_owned(),
            source,
            unwind,
            fresh: true,
        })
    }

    /// The file beside the object that tells lines of the source, for [`crate::Lines`]; machines that got the object from
    /// elsewhere do not have it.
    pub fn lines(&self) -> Option<PathBuf> {
        Some(lines(&self.object)).filter(|file| file.exists())
    }

    /// The name of the module's file, without an ending.
    pub fn stem(&self) -> String {
        stem(&self.name, self.kunit)
    }
}

/// What rustc made, with the line tables that the object is without.
fn lines(object: &Path) -> PathBuf {
    object.with_extension("debug")
}

fn stem(name: &str, kunit: bool) -> String {
    if kunit {
        format!("{name}-kunit")
    } else {
        name.to_owned()
    }
}

/// Compiles a driver into its portable object, and writes the C file.
///
/// The compiler's messages go to the standard error as they are.
///
/// # Errors
/// Any [`Error`]; after [`Error::Compile`] the compiler has said why.
pub fn build(project: &Project, driver: &Driver, options: &BuildOptions<'_>) -> Result<Artefact> {
    let toolchain = Toolchain::of(&driver.dir)?;
    toolchain.check()?;
    let dir = project.output_dir().join(options.variant.folder());
    cache::create_dir(&dir)?;
    // cargo names the archives of all variants alike: one at a time.
    let shared = project.output_dir().join(options.variant.arch.as_str());
    cache::create_dir(&shared)?;
    let _lock = cache::lock_file(&shared.join(".lock"), options.progress)?;
    let shims = project.abi_dir().join("shims");
    let stamp_file = dir.join(format!(".{}.json", stem(&driver.package, options.kunit)));
    let shim_hashes = hashes(&shims)?;
    let stamp = read_stamp(&stamp_file).filter(|stamp| stamp.format == format());
    // Whether it panics is known when it is linked; most likely it is as it was the last time.
    let mut calm = stamp.as_ref().is_some_and(|stamp| stamp.calm);
    let mut is_last = false;
    let (work, archive_hash, linked) = loop {
        let stage = |doing| {
            options
                .progress
                .stage(&format!("{doing} {}", driver.package))
        };
        stage("compiling");
        let archive = cargo::staticlib(project, driver, &toolchain, options, calm)?;
        let archive_hash = sha256(&archive)?;
        if let Some(stamp) = &stamp {
            let object = dir
                .join(stem(&stamp.name, options.kunit))
                .with_extension("o");
            let known = stamp.archive == archive_hash
                && stamp.shims == shim_hashes
                && lines(&object).exists()
                && sha256(&object).is_ok_and(|hash| hash == stamp.object);
            if known {
                return Artefact::open(&object);
            }
        }
        stage("linking");
        let work = tempfile::Builder::new()
            .prefix(".link-")
            .tempdir_in(&dir)
            .map_err(|e| cache::Error::io("create a folder in", &dir, e))?;
        let linked = link::link(
            &archive,
            work.path(),
            &work.path().join(NEW),
            &options.variant,
        )?;
        // One that does not panic needs to look at nothing. Mostly the optimiser finds that itself.
        let is_right = match calm {
            true => !linked.panics(),
            false => linked.panics() || !linked.compares,
        };
        if is_right || is_last {
            break (work, archive_hash, linked);
        }
        calm = !calm;
        is_last = !calm;
    };
    let files = source::shims_for(&shims, &linked.used, &linked.info)?;
    let text = source::generate(&linked, &files);
    let object = dir.join(format!("{}.o", stem(&linked.info.name, options.kunit)));
    cache::write(&object.with_extension("c"), text.as_bytes())?;
    let unwind = linked.unwind.text();
    cache::write(&object.with_extension("unwind"), unwind.as_bytes())?;
    let place = |from: &Path, to: &Path| {
        std::fs::rename(from, to).map_err(|e| cache::Error::io("write", to, e))
    };
    place(&work.path().join(link::INPUT), &lines(&object))?;
    place(&work.path().join(NEW), &object)?;
    let mut artefact = Artefact::open(&object)?;
    artefact.fresh = false;
    let stamp = Stamp {
        format: format(),
        archive: archive_hash,
        shims: shim_hashes,
        name: artefact.name.clone(),
        object: artefact.sha256.clone(),
        calm,
    };
    let stamp = serde_json::to_vec(&stamp).expect("a stamp is plain data");
    cache::write(&stamp_file, &stamp)?;
    Ok(artefact)
}

fn read_stamp(path: &Path) -> Option<Stamp> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// The names and hashes of the files in a folder, sorted.
pub(crate) fn hashes(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir).map_err(|e| cache::Error::io("read", dir, e))?;
    let mut all = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            all.push(format!("{name} {}", sha256(&path)?));
        }
    }
    all.sort();
    Ok(all)
}
