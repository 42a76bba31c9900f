// SPDX-License-Identifier: MIT OR Apache-2.0

//! Static programs for the inside of a virtual machine: its init, and a driver's tests.

use std::path::{Path, PathBuf};

use cargo_metadata::{Artifact, Message, TargetKind};
use koxide_process::Command;

use crate::arch::Arch;
use crate::driver::{Driver, Project};
use crate::need::Need;
use crate::object::{self, BuildOptions, Toolchain, cargo_options, run_cargo};

/// How programs for the machines of an architecture are made: static, and the same on every distribution.
struct Target {
    /// What rustc calls it.
    name: &'static str,
    linker: Linker,
}

/// What links them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linker {
    /// What rustc takes by itself.
    Own,
    /// That of the toolchain, as all that a program with musl is linked with.
    Toolchain,
    /// A cross compiler, with its C library: rustup has no target that brings one.
    CrossCompiler,
}

impl Target {
    const fn of(arch: Arch) -> Self {
        let (name, linker) = match arch {
            Arch::X86_64 => ("x86_64-unknown-linux-musl", Linker::Own),
            Arch::Arm64 => ("aarch64-unknown-linux-musl", Linker::Toolchain),
            Arch::Arm => ("armv7-unknown-linux-gnueabihf", Linker::CrossCompiler),
        };
        Self { name, linker }
    }
}

/// The target of programs for the machines of an architecture.
pub fn target(arch: Arch) -> &'static str {
    Target::of(arch).name
}

/// The program that links them, when it is not what rustc takes by itself.
fn linker(arch: Arch) -> Option<String> {
    match Target::of(arch).linker {
        Linker::Own => None,
        Linker::Toolchain => Some("rust-lld".to_owned()),
        Linker::CrossCompiler => Some(format!("{}-gcc", arch.gnu())),
    }
}

/// Small programs, because each boot unpacks them: no debugger sees them.
const PROFILE: [&str; 4] = [
    "profile.koxide-guest.inherits=\"dev\"",
    "profile.koxide-guest.opt-level=1",
    "profile.koxide-guest.debug=false",
    "profile.koxide-guest.strip=\"debuginfo\"",
];

/// Whether programs for an architecture are linked with a C library that does not come with the toolchain.
pub fn needs_library(arch: Arch) -> bool {
    Target::of(arch).linker == Linker::CrossCompiler
}

/// Whether a cross compiler finds a static C library for what it links.
pub fn has_library(arch: Arch) -> bool {
    let mut compiler = Command::new(format!("{}-gcc", arch.gnu()));
    let output = compiler.arg("-print-file-name=libc.a").output();
    // It says the bare name of what it does not find.
    output.is_ok_and(|output| output.stdout.contains(&b'/'))
}

/// Why a program for the virtual machine cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The project does not have the package that the programs come from.
    #[error(
        "the package `koxide-guest` is not among the packages of {manifest}: add it to [dev-dependencies], tests in a virtual machine need it"
    )]
    NoGuest {
        /// The manifest.
        manifest: PathBuf,
    },
    /// cargo built the package and not the program.
    #[error("the package `{package}` has no program `{program}`")]
    NoProgram {
        /// The package.
        package: String,
        /// The program.
        program: &'static str,
    },
    /// There is no C library for the machine's programs.
    #[error(
        "programs for a machine of {arch} are linked by `{compiler}` with a static C library (libc.a), and this machine does not have both"
    )]
    NoLibrary {
        /// The machine's architecture.
        arch: Arch,
        /// The cross compiler.
        compiler: String,
    },
    /// The toolchain is not good, the program does not compile, or cargo could not be run.
    #[error(transparent)]
    Build(#[from] object::Error),
}

impl Error {
    /// What is to be installed before this can succeed.
    pub fn missing(&self) -> Option<Need> {
        match self {
            Self::Build(error) => error.missing(),
            Self::NoLibrary { arch, .. } => Some(Need::GuestLibrary(*arch)),
            _ => None,
        }
    }
}

/// One file of a driver's `tests/` or `benches/`, as a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestProgram {
    /// The name of the file without its ending.
    pub name: String,
    /// The program.
    pub path: PathBuf,
}

/// Builds the first process of the virtual machine.
///
/// # Errors
/// Any [`Error`].
pub fn init(project: &Project, arch: Arch, options: &BuildOptions<'_>) -> Result<PathBuf, Error> {
    const PROGRAM: &str = "koxide-init";
    let dir = project.guest_dir().ok_or_else(|| Error::NoGuest {
        manifest: project.root().join("Cargo.toml"),
    })?;
    options
        .progress
        .stage("compiling the virtual machine's init");
    let mut cargo = command("build", project, arch, dir, options)?;
    cargo
        .arg("--manifest-path")
        .arg(dir.join("Cargo.toml"))
        .args(["--package", "koxide-guest", "--bin", PROGRAM]);
    let programs = programs(project, &mut cargo, "koxide-guest", |artifact| {
        artifact.target.name == PROGRAM
    })?;
    let program = programs.into_iter().next();
    program.map(|p| p.path).ok_or_else(|| Error::NoProgram {
        package: "koxide-guest".to_owned(),
        program: PROGRAM,
    })
}

/// Builds a driver's tests.
///
/// # Errors
/// Any [`Error`].
pub fn tests(
    project: &Project,
    driver: &Driver,
    arch: Arch,
    options: &BuildOptions<'_>,
) -> Result<Vec<TestProgram>, Error> {
    let (kind, names) = (TargetKind::Test, &driver.tests);
    driver_programs(project, driver, arch, ("--test", kind, names), options)
}

/// Builds the programs that measure a driver.
///
/// # Errors
/// Any [`Error`].
pub fn benches(
    project: &Project,
    driver: &Driver,
    arch: Arch,
    options: &BuildOptions<'_>,
) -> Result<Vec<TestProgram>, Error> {
    let (kind, names) = (TargetKind::Bench, &driver.benches);
    driver_programs(project, driver, arch, ("--bench", kind, names), options)
}

/// Builds programs of one kind, which an option of cargo's chooses by their names.
fn driver_programs(
    project: &Project,
    driver: &Driver,
    arch: Arch,
    (option, kind, names): (&str, TargetKind, &[String]),
    options: &BuildOptions<'_>,
) -> Result<Vec<TestProgram>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let stage = format!("compiling the {kind} programs of {}", driver.package);
    options.progress.stage(&stage);
    let mut cargo = command("test", project, arch, &driver.dir, options)?;
    cargo
        .args(["--no-run", "--manifest-path"])
        .arg(&driver.manifest)
        .args(["--package", &driver.package])
        .args(names.iter().flat_map(|name| [option, name]));
    let mut programs = programs(project, &mut cargo, &driver.package, |artifact| {
        artifact.target.kind.contains(&kind)
    })?;
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(programs)
}

fn command(
    verb: &str,
    project: &Project,
    arch: Arch,
    dir: &Path,
    options: &BuildOptions<'_>,
) -> Result<Command, Error> {
    let toolchain = Toolchain::of(dir)?;
    toolchain.check()?;
    toolchain.has_target(target(arch))?;
    if needs_library(arch) && !has_library(arch) {
        let compiler = format!("{}-gcc", arch.gnu());
        return Err(Error::NoLibrary { arch, compiler });
    }
    // The user's own flags are for other programs.
    let mut flags = vec!["-Ctarget-feature=+crt-static".to_owned()];
    flags.extend(linker(arch).map(|linker| format!("-Clinker={linker}")));
    let mut cargo = Command::new("cargo");
    cargo.arg(verb).current_dir(dir);
    cargo_options(&mut cargo, options);
    cargo
        .args(["--target", target(arch), "--profile", "koxide-guest"])
        .args(PROFILE.iter().flat_map(|setting| ["--config", setting]))
        .arg("--target-dir")
        .arg(project.koxide_dir().join("guest"))
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    Ok(cargo)
}

fn programs(
    project: &Project,
    cargo: &mut Command,
    package: &str,
    wanted: impl Fn(&Artifact) -> bool,
) -> Result<Vec<TestProgram>, Error> {
    let mut programs = Vec::new();
    run_cargo(cargo, package, &project.koxide_dir(), |message: Message| {
        if let Message::CompilerArtifact(artifact) = message
            && wanted(&artifact)
            && let Some(path) = &artifact.executable
        {
            programs.push(TestProgram {
                name: artifact.target.name.clone(),
                path: path.as_std_path().to_owned(),
            });
        }
    })?;
    Ok(programs)
}
