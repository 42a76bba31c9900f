// SPDX-License-Identifier: MIT OR Apache-2.0

//! The kernel's half of a module: shims compiled against its headers, linked with the portable object and checked.
//!
//! No Rust compiler takes part. The work is done in a folder of its own below `target/koxide/RELEASE`; the finished
//! module is moved into place, so that a failed build leaves the last good one.

mod compiler;
mod error;
mod kbuild;
mod place;
mod sizes;
mod tools;
mod twin;
mod view;

use std::fs;
use std::path::{Path, PathBuf};

use koxide_process::Command;
use serde::{Deserialize, Serialize};

pub(crate) use compiler::wanted;
pub use error::Error;
use error::Result;
pub(crate) use place::is_plain;
pub use sizes::variant;
pub use twin::{in_c, twin, twin_source};

use crate::arch::Arch;
use crate::gnu::Gnu;
use crate::kernels::Kernel;
use crate::kernels::store::{digest, sha256};
use crate::object::{self, Artefact, BUILDER};
use crate::progress::Progress;
use crate::{cache, check};
use tools::Tools;
use view::View;

/// A module for one kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The file.
    pub path: PathBuf,
    /// The module's name.
    pub name: String,
    /// The kernel's release.
    pub release: String,
    /// The SHA-256 of the object that it was linked from, which other kernels' modules share; a twin's own.
    pub object: String,
    /// Where the lines of its source are, for [`crate::Lines`]; a twin has none.
    pub lines: Option<PathBuf>,
    /// The file's size.
    pub bytes: u64,
    /// There was nothing to do.
    pub fresh: bool,
}

/// What a module was made of, and what came out.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    input: String,
    output: String,
}

/// Which shims a module is linked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shims {
    /// Those of the module that is shipped.
    #[default]
    Shipped,
    /// The same with a fault plan and a ledger, for tests: `NAME-faults.ko`.
    Faulty,
}

impl Shims {
    /// The name of the module's file, without an ending.
    fn stem(self, artefact: &Artefact) -> String {
        match self {
            Self::Shipped => artefact.stem(),
            Self::Faulty => format!("{}-faults", artefact.stem()),
        }
    }
}

/// Builds an artefact into a module for `kernel`: `out/RELEASE/NAME.ko`.
///
/// `abi` is the folder of the package `koxide-abi`, which has the shims.
///
/// # Errors
/// Any [`Error`]; the last good module stays where it is.
pub fn build(
    abi: &Path,
    artefact: &Artefact,
    kernel: &Kernel,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Module> {
    build_with(abi, artefact, Shims::Shipped, kernel, out, progress)
}

/// As [`build`], with these shims.
///
/// # Errors
/// Any [`Error`]; the last good module stays where it is.
pub fn build_with(
    abi: &Path,
    artefact: &Artefact,
    shims: Shims,
    kernel: &Kernel,
    out: &Path,
    progress: &dyn Progress,
) -> Result<Module> {
    let job = Job {
        name: &artefact.name,
        stem: &shims.stem(artefact),
        dir: &out.join(&kernel.release),
        input: fingerprint(abi, artefact, shims, kernel)?,
        what: format!("the C side of {}", artefact.name),
        sources: None,
    };
    let fill = |work: &Path| kbuild::fill(work, artefact, kernel.arch, abi, shims);
    let check = |built: &Path| {
        check::module(built, kernel, &artefact.object)?;
        Ok(())
    };
    let made = job.run(kernel, out, progress, fill, check)?;
    let object = artefact.sha256.clone();
    let module = finished(made.path, &artefact.name, object, kernel, made.fresh)?;
    Ok(Module {
        lines: artefact.lines(),
        ..module
    })
}

/// One module that the kernel's own build system makes, in a private folder.
struct Job<'a> {
    /// The module's name.
    name: &'a str,
    /// The name of its file, without an ending.
    stem: &'a str,
    /// The folder that it goes to.
    dir: &'a Path,
    /// What it depends on, as one string.
    input: String,
    /// What does not build when it does not build.
    what: String,
    /// Where the sources are that are copied into the folder, for what the compiler says of them.
    sources: Option<&'a Path>,
}

/// A module that a job made.
struct Made {
    path: PathBuf,
    /// The SHA-256 of the file.
    sha256: String,
    /// Whether there was nothing to do.
    fresh: bool,
}

impl Job<'_> {
    /// Makes the module, unless it is there already.
    ///
    /// `fill` writes the sources into the folder; `check` says whether what came out may be used.
    fn run(
        self,
        kernel: &Kernel,
        out: &Path,
        progress: &dyn Progress,
        fill: impl FnOnce(&Path) -> Result<()>,
        check: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Made> {
        let Self { dir, stem, .. } = self;
        cache::create_dir(dir)?;
        let _lock = cache::lock_file(&dir.join(format!(".{stem}.lock")), progress)?;
        let target = dir.join(format!("{stem}.ko"));
        let stamp_file = dir.join(format!(".{stem}.json"));
        if let Some(sha256) = fresh(&stamp_file, &self.input, &target) {
            return Ok(Made {
                path: target,
                sha256,
                fresh: true,
            });
        }
        progress.stage(&format!("building {stem} for {}", kernel.release));
        let base = place::plain(&out.join(".views"))?;
        let view = view::of(kernel, &base)?;
        let tools = compiler::choose(kernel, &view, progress)?;
        let work = place::plain(&dir.join(format!(".{stem}.work")))?;
        fill(&work)?;
        let of_sources = |said: &str| match self.sources {
            Some(dir) => said.replace(&work.display().to_string(), &dir.display().to_string()),
            None => said.to_owned(),
        };
        let made = make_command(kernel, &view, &work, &tools)
            .args(["-j2", "modules"])
            .output()
            .map_err(|error| match error {
                koxide_process::Error::Failed { stderr, .. } => {
                    kbuild::fault(&self.what, &kernel.release, &of_sources(&stderr))
                }
                other => other.into(),
            })?;
        kbuild::warnings(
            &of_sources(&String::from_utf8_lossy(&made.stderr)),
            progress,
        )?;
        progress.stage(&format!("checking {stem} for {}", kernel.release));
        let built = work.join(format!("{}.ko", self.name));
        check(&built)?;
        place_stripped(&built, &target, kernel.arch)?;
        let sha256 = sha256(&target)?;
        let stamp = Stamp {
            input: self.input,
            output: sha256.clone(),
        };
        let stamp = serde_json::to_vec(&stamp).expect("a stamp is plain data");
        cache::write(&stamp_file, &stamp)?;
        Ok(Made {
            path: target,
            sha256,
            fresh: false,
        })
    }
}

/// A kernel's headers as plain `make -C` takes them, for C modules that are built by hand.
#[derive(Debug, Clone)]
pub struct Headers {
    /// The folder for `make -C`.
    pub build: PathBuf,
    /// The compiler that fits.
    pub compiler: String,
    /// More arguments for make: that compiler that fits, and the architecture where it is not this machine's.
    pub make: Vec<String>,
    tools: Tools,
}

impl Headers {
    /// What the compiler says of itself.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn compiler_version(&self) -> Result<String> {
        let mut compiler = self.tools.command(&self.compiler, &[]);
        let said = compiler.arg("--version").output()?;
        let said = String::from_utf8_lossy(&said.stdout);
        Ok(said.lines().next().unwrap_or_default().to_owned())
    }
}

/// The headers of `kernel`, laid out below `out` so that nothing is expected under /usr/src.
///
/// # Errors
/// Any [`Error`].
pub fn headers(kernel: &Kernel, out: &Path, progress: &dyn Progress) -> Result<Headers> {
    let view = view::of(kernel, &place::plain(&out.join(".views"))?)?;
    let tools = compiler::choose(kernel, &view, progress)?;
    Ok(Headers {
        build: view.build,
        make: for_tools(kernel, &tools),
        compiler: tools.compiler.clone(),
        tools,
    })
}

fn finished(
    path: PathBuf,
    name: &str,
    object: String,
    kernel: &Kernel,
    fresh: bool,
) -> Result<Module> {
    let meta = fs::metadata(&path).map_err(|e| cache::Error::io("read", &path, e))?;
    Ok(Module {
        bytes: meta.len(),
        path,
        name: name.to_owned(),
        release: kernel.release.clone(),
        object,
        lines: None,
        fresh,
    })
}

/// Everything that the module depends on.
fn fingerprint(abi: &Path, artefact: &Artefact, shims: Shims, kernel: &Kernel) -> Result<String> {
    let mut parts = vec![artefact.sha256.clone()];
    for file in [&artefact.source, &artefact.unwind] {
        parts.push(sha256(file)?);
    }
    for dir in ["shims", "include"] {
        parts.extend(object::hashes(&abi.join(dir))?);
    }
    Ok(digest_for(
        kernel,
        &kbuild::rules(&artefact.name, kernel.arch, shims),
        parts,
    ))
}

/// The digest of rules and sources together with what they are for.
fn digest_for(kernel: &Kernel, rules: &str, sources: Vec<String>) -> String {
    let symvers = kernel.headers.build.join("Module.symvers");
    let symvers = fs::metadata(&symvers).and_then(|m| Ok((m.len(), m.modified()?)));
    let mut parts = vec![
        format!("{BUILDER} {rules}"),
        format!("{} {}", kernel.release, kernel.headers.build.display()),
        format!("{:?}", symvers.ok()),
    ];
    parts.extend(sources);
    digest(&parts.join("\n"))
}

/// The SHA-256 of a module that is there and is what this input makes.
fn fresh(stamp: &Path, input: &str, target: &Path) -> Option<String> {
    let stamp: Stamp = serde_json::from_slice(&fs::read(stamp).ok()?).ok()?;
    let hash = sha256(target).ok()?;
    (stamp.input == input && stamp.output == hash).then_some(hash)
}

/// What make is told of the tools, and of the architecture where it is not this machine's.
fn for_tools(kernel: &Kernel, tools: &Tools) -> Vec<String> {
    // Debian's headers name programs with a prefix that other distributions do not have.
    let gnu = Gnu::of(kernel.arch);
    let mut arguments = vec![format!("CC={}", tools.compiler)];
    for (name, program) in [
        ("LD", "ld"),
        ("AR", "ar"),
        ("NM", "nm"),
        ("STRIP", "strip"),
        ("OBJCOPY", "objcopy"),
        ("OBJDUMP", "objdump"),
        ("READELF", "readelf"),
    ] {
        arguments.push(format!("{name}={}", gnu.name(program)));
    }
    if !gnu.prefix().is_empty() {
        arguments.push(format!("ARCH={}", kernel.arch.kernel()));
        arguments.push(format!("CROSS_COMPILE={}", gnu.prefix()));
    }
    let machine = Arch::of_this_machine().unwrap_or_default();
    arguments.push(format!("DEB_BUILD_ARCH={}", machine.debian()));
    arguments
}

/// make as it is started for a module in `work`.
fn make_command(kernel: &Kernel, view: &View, work: &Path, tools: &Tools) -> Command {
    let mut make = tools.command("make", &[&view.dir, &view.root, work]);
    make.arg("-C").arg(&view.build);
    for (name, value) in [("M", work), ("KX_WORK", work)] {
        make.arg(format!("{name}={}", value.display()));
    }
    make.args(for_tools(kernel, tools));
    // A make that started this program must not lend its flags and jobs.
    for name in [
        "MAKEFLAGS",
        "MFLAGS",
        "MAKEOVERRIDES",
        "MAKELEVEL",
        "KBUILD_OUTPUT",
        "ARCH",
        "CROSS_COMPILE",
    ] {
        make.env_remove(name);
    }
    make.env("LC_ALL", "C");
    let own = tools.root.is_none() && has_libelf();
    if let Some(libraries) = view.libraries.as_ref().filter(|_| !own) {
        make.env("LD_LIBRARY_PATH", libraries);
    }
    make
}

/// Whether the machine has the library that objtool needs.
fn has_libelf() -> bool {
    let dirs = [
        "/lib/x86_64-linux-gnu",
        "/usr/lib/x86_64-linux-gnu",
        "/lib64",
        "/usr/lib64",
        "/usr/lib",
        "/lib",
    ];
    dirs.iter()
        .any(|dir| Path::new(dir).join("libelf.so.1").exists())
}

/// Moves a module without what the loader ignores to where it belongs; symbols stay, for stack traces.
fn place_stripped(built: &Path, target: &Path, arch: Arch) -> Result<()> {
    let dir = target.parent().unwrap_or(Path::new("."));
    let stripped = tempfile::Builder::new()
        .prefix(".strip-")
        .tempfile_in(dir)
        .map_err(|e| cache::Error::io("create a file in", dir, e))?;
    Command::new(Gnu::of(arch).name("objcopy"))
        .args(["--strip-debug", "--discard-locals"])
        .args([
            "--remove-section=.comment",
            "--remove-section=.note.GNU-stack",
        ])
        .args(["--remove-section=.note.gnu.property"])
        .arg(built)
        .arg(stripped.path())
        .output()?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    let write = |e| cache::Error::io("write", target, e);
    fs::set_permissions(stripped.path(), mode).map_err(write)?;
    stripped.persist(target).map_err(|e| write(e.error))?;
    Ok(())
}
