// SPDX-License-Identifier: MIT OR Apache-2.0

//! The portable half of a module: one Rust object per driver and architecture, and the C file and the table of its way up the
//! stack that go with it.
//!
//! No kernel takes part in this step, so that the same three files serve every kernel of the architecture; those that were
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
use crate::kernels::store::sha256;
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

/// Changes with this library, which may make other files of the same input: old ones are not taken for new.
pub(crate) const BUILDER: &str = concat!(env!("CARGO_PKG_VERSION"), " ", env!("KOXIDE_BUILDER"));

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

/// A driver as one object, one C file and one table: all that a machine without Rust needs, besides the shims.
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
    builder: String,
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
    /// Takes up an artefact from the disk: `NAME.o`, with `NAME.c` and `NAME.unwind` beside it.
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
    let build = Build {
        project,
        driver,
        options,
        toolchain,
        before: read_stamp(&stamp_file).filter(|stamp| stamp.builder == BUILDER),
        shims: hashes(&shims)?,
        dir,
    };
    let parts = match build.attempts()? {
        Attempt::Fresh(artefact) => return Ok(artefact),
        Attempt::Linked(parts) => parts,
    };
    let linked = &parts.linked;
    let files = source::shims_for(&shims, &linked.used, &linked.info)?;
    let text = source::generate(linked, &files);
    let object = build.object(&linked.info.name);
    cache::write(&object.with_extension("c"), text.as_bytes())?;
    let unwind = linked.unwind.text();
    cache::write(&object.with_extension("unwind"), unwind.as_bytes())?;
    let place = |from: &Path, to: &Path| {
        std::fs::rename(from, to).map_err(|e| cache::Error::io("write", to, e))
    };
    place(&parts.work.path().join(link::INPUT), &lines(&object))?;
    place(&parts.work.path().join(NEW), &object)?;
    let mut artefact = Artefact::open(&object)?;
    artefact.fresh = false;
    let stamp = Stamp {
        builder: BUILDER.to_owned(),
        archive: parts.archive,
        shims: build.shims,
        name: artefact.name.clone(),
        object: artefact.sha256.clone(),
        calm: parts.calm,
    };
    let stamp = serde_json::to_vec(&stamp).expect("a stamp is plain data");
    cache::write(&stamp_file, &stamp)?;
    Ok(artefact)
}

/// What a build works with.
struct Build<'a> {
    project: &'a Project,
    driver: &'a Driver,
    options: &'a BuildOptions<'a>,
    toolchain: Toolchain,
    /// What was made before.
    before: Option<Stamp>,
    /// The names and hashes of the shims.
    shims: Vec<String>,
    /// Where the artefact will be.
    dir: PathBuf,
}

/// What compiling and linking comes to.
enum Attempt {
    /// What was made before is as it should be.
    Fresh(Artefact),
    /// Another object.
    Linked(Box<Parts>),
}

/// An object that has not taken its place yet.
struct Parts {
    /// Where it is.
    work: tempfile::TempDir,
    /// The SHA-256 of the archive that cargo made.
    archive: String,
    linked: link::Linked,
    /// Whether it was compiled as one that does not panic.
    calm: bool,
}

impl Build<'_> {
    /// Compiles and links until what the compiler was told of panics is what the object shows.
    ///
    /// One that cannot panic needs to look at nothing. Whether it can is known when it is linked; most likely it is as it was
    /// the last time.
    fn attempts(&self) -> Result<Attempt> {
        let was_calm = self.before.as_ref().is_some_and(|before| before.calm);
        if was_calm {
            match self.attempt(true)? {
                Attempt::Linked(parts) if parts.linked.panics() => {}
                right => return Ok(right),
            }
        }
        let careful = self.attempt(false)?;
        let Attempt::Linked(parts) = &careful else {
            return Ok(careful);
        };
        // Mostly the optimiser finds itself that there is nothing to look at.
        if was_calm || parts.linked.panics() || !parts.linked.compares {
            return Ok(careful);
        }
        match self.attempt(true)? {
            Attempt::Linked(parts) if parts.linked.panics() => Ok(careful),
            right => Ok(right),
        }
    }

    /// Compiles and links, `calm` if it does not panic.
    fn attempt(&self, calm: bool) -> Result<Attempt> {
        let stage = |doing| {
            let text = format!("{doing} {}", self.driver.package);
            self.options.progress.stage(&text);
        };
        stage("compiling");
        let archive = cargo::staticlib(
            self.project,
            self.driver,
            &self.toolchain,
            self.options,
            calm,
        )?;
        let hash = sha256(&archive)?;
        if let Some(object) = self.fresh(&hash) {
            return Ok(Attempt::Fresh(Artefact::open(&object)?));
        }
        stage("linking");
        let work = tempfile::Builder::new()
            .prefix(".link-")
            .tempdir_in(&self.dir)
            .map_err(|e| cache::Error::io("create a folder in", &self.dir, e))?;
        let new = work.path().join(NEW);
        let linked = link::link(&archive, work.path(), &new, &self.options.variant)?;
        let parts = Parts {
            work,
            archive: hash,
            linked,
            calm,
        };
        Ok(Attempt::Linked(Box::new(parts)))
    }

    /// The object that was made before, if it is of this archive.
    fn fresh(&self, archive: &str) -> Option<PathBuf> {
        let before = self.before.as_ref()?;
        let object = self.object(&before.name);
        let is = before.archive == archive
            && before.shims == self.shims
            && lines(&object).exists()
            && sha256(&object).is_ok_and(|hash| hash == before.object);
        is.then_some(object)
    }

    fn object(&self, name: &str) -> PathBuf {
        let stem = stem(name, self.options.kunit);
        self.dir.join(format!("{stem}.o"))
    }
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
