// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the integration tests share: a toy driver in a folder of its own.
#![allow(dead_code, reason = "each test file uses a part")]

use std::fs;
use std::path::{Path, PathBuf};

use koxide_build::kernels::{self, Kernel, Options};
use koxide_build::module::{self, Module};
use koxide_build::object::{self, Artefact, BuildOptions, Variant};
use koxide_build::{Arch, Cache, Project, Silent};

/// The folder of the package koxide-abi.
pub(crate) fn abi() -> PathBuf {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../kernel/koxide-abi");
    dir.canonicalize().unwrap()
}

/// A fetched kernel.
pub(crate) fn kernel(name: &str) -> Kernel {
    let cache = Cache::from_env().unwrap();
    kernels::resolve(&cache, &name.parse().unwrap(), &Options::new(&Silent)).unwrap()
}

/// A kernel that was fetched before; says so where it was not.
pub(crate) fn cached(name: &str) -> Option<Kernel> {
    let cache = Cache::from_env().unwrap();
    let mut options = Options::new(&Silent);
    options.offline = true;
    match kernels::resolve(&cache, &name.parse().unwrap(), &options) {
        Ok(kernel) => Some(kernel),
        Err(error) => {
            eprintln!("not tested on {name}: {error}");
            None
        }
    }
}

/// Whether there is what makes modules of an architecture; says so where it is not.
pub(crate) fn has_tools(arch: Arch) -> bool {
    let program = format!("{}-gcc-12", arch.gnu());
    let found = koxide_process::find(&program).is_some();
    if !found {
        eprintln!("not tested for {arch}: the program {program} is missing");
    }
    found
}

/// Copies the toy driver into a folder, and lets `edit` change its source.
pub(crate) fn toy(dir: &Path, edit: impl Fn(String) -> String) -> Project {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/toy");
    // cargo compares times only, and takes toys of one version in its shared folder for the same.
    let source = edit(fs::read_to_string(from.join("src/lib.rs")).unwrap());
    let number = source
        .bytes()
        .fold(7_u32, |n, byte| n.wrapping_mul(31) ^ u32::from(byte));
    for file in [
        "Cargo.toml",
        "src/lib.rs",
        "koxide/Cargo.toml",
        "koxide/src/lib.rs",
    ] {
        let to = dir.join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let text = fs::read_to_string(from.join(file)).unwrap();
        let text = text.replace("KOXIDE_ABI", abi().to_str().unwrap());
        let text = match file {
            "src/lib.rs" => source.clone(),
            "Cargo.toml" => text.replace("0.1.0", &format!("0.1.{number}")),
            _ => text,
        };
        fs::write(to, text).unwrap();
    }
    // The core library is compiled once for all tests; each has the rest for itself.
    let target = dir.join("target");
    fs::create_dir_all(target.join("koxide")).unwrap();
    let cargo = target.join("koxide/cargo");
    fs::create_dir_all(shared()).unwrap();
    if !cargo.exists() {
        std::os::unix::fs::symlink(shared(), cargo).unwrap();
    }
    let project = Project::discover(dir, false).unwrap();
    project.with_target_dir(target)
}

fn shared() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("toy-cargo")
}

/// Builds the toy's object.
pub(crate) fn object(project: &Project) -> Result<Artefact, object::Error> {
    build(project, |_| {})
}

/// Builds the toy's object for kernels that need another one than stock kernels.
pub(crate) fn variant_object(
    project: &Project,
    variant: &Variant,
) -> Result<Artefact, object::Error> {
    build(project, |options| options.variant = variant.clone())
}

/// Builds the toy's object with its in-kernel tests.
pub(crate) fn kunit_object(project: &Project) -> Result<Artefact, object::Error> {
    build(project, |options| options.kunit = true)
}

fn build(
    project: &Project,
    choose: impl FnOnce(&mut BuildOptions<'_>),
) -> Result<Artefact, object::Error> {
    let driver = project.driver(Some("toy")).unwrap();
    let mut options = BuildOptions::new(&Silent);
    options.quiet = true;
    choose(&mut options);
    // cargo names the archives of all toys alike.
    let lock = fs::File::create(shared().join("toy.lock")).unwrap();
    lock.lock().unwrap();
    object::build(project, driver, &options)
}

/// Builds a module with the shims in `abi`.
pub(crate) fn module_with(
    abi: &Path,
    project: &Project,
    artefact: &Artefact,
    kernel: &Kernel,
) -> Result<Module, module::Error> {
    module::build(abi, artefact, kernel, &project.koxide_dir(), &Silent)
}

/// Copies the shims into a folder, and lets `edit` change one file.
pub(crate) fn shims(dir: &Path, file: &str, edit: impl Fn(String) -> String) -> PathBuf {
    for sub in ["shims", "include", "probe"] {
        fs::create_dir_all(dir.join(sub)).unwrap();
        for entry in fs::read_dir(abi().join(sub)).unwrap().flatten() {
            if entry.path().is_file() {
                let to = dir.join(sub).join(entry.file_name());
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let path = dir.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, edit(text)).unwrap();
    dir.to_owned()
}

/// A folder with links to all programs of the search path but those that `hidden` names.
pub(crate) fn programs(dir: &Path, hidden: impl Fn(&str) -> bool) {
    fs::create_dir_all(dir).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for from in std::env::split_paths(&path) {
        for entry in fs::read_dir(from).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let to = dir.join(&name);
            if !hidden(&name.to_string_lossy()) && !to.exists() {
                let _ = std::os::unix::fs::symlink(entry.path(), to);
            }
        }
    }
}

/// Runs an ignored test of this file in a process with another environment.
pub(crate) fn in_environment(test: &str, variables: &[(&str, &Path)]) {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--include-ignored"]);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}
