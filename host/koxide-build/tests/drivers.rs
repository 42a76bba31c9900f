// SPDX-License-Identifier: MIT OR Apache-2.0

//! The repository's own drivers on the kernels of the support matrix.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use koxide_build::object::{BuildOptions, Variant};
use koxide_build::{Arch, Kernel, Project, Silent, compare, module};
use object::{Object as _, ObjectSymbol as _};

fn repository() -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap();
    let project = Project::discover(&root, false).unwrap();
    project.with_target_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("drivers"))
}

/// The checks that need no Rust agree with those that were made while building.
fn script_agrees(ko: &Path, kernel: &Kernel, object: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/koxide-check.sh");
    let output = Command::new("sh")
        .arg(script)
        .args([ko, &kernel.headers.build, object])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn each_driver_is_one_object_on_all_kernels() {
    let project = repository();
    let kernels = ["debian:bookworm", "debian:bookworm-backports"].map(common::kernel);
    assert!(project.drivers().len() >= 3);
    for driver in project.drivers() {
        for kunit in [false, true] {
            let mut options = BuildOptions::new(&Silent);
            options.quiet = true;
            options.kunit = kunit;
            let artefact = koxide_build::object::build(&project, driver, &options).unwrap();
            let modules: Vec<PathBuf> = kernels
                .iter()
                .map(|kernel| {
                    let out = project.koxide_dir();
                    let abi = project.abi_dir();
                    let built = module::build(abi, &artefact, kernel, &out, &Silent).unwrap();
                    script_agrees(&built.path, kernel, &artefact.object);
                    built.path
                })
                .collect();
            let same = compare::same_object(&modules[0], &modules[1], &artefact.object).unwrap();
            assert!(same >= 2, "{}: {same} functions", driver.package);
        }
    }
}

/// Kernels for other architectures that are in the cache: whoever has not fetched them is told so.
#[test]
fn drivers_are_one_object_on_kernels_of_other_architectures() {
    let project = repository();
    for (arch, flavour, of) in [
        (Arch::Arm64, "arm64", object::Architecture::Aarch64),
        (Arch::Arm, "armmp", object::Architecture::Arm),
    ] {
        let names = ["bookworm", "bookworm-backports"].map(|s| format!("debian:{s}/{flavour}"));
        let kernels: Vec<Kernel> = names.iter().filter_map(|n| common::cached(n)).collect();
        if kernels.len() < names.len() || !common::has_tools(arch) {
            continue;
        }
        // Fields, tables, divisions, and a function that is the kernel's.
        for package in ["scull", "simple_sysctl"] {
            let driver = project.driver(Some(package)).unwrap();
            let mut options = BuildOptions::new(&Silent);
            options.quiet = true;
            options.variant = Variant::stock(arch);
            let artefact = koxide_build::object::build(&project, driver, &options).unwrap();
            assert!(artefact.object.ends_with(format!("{arch}/{package}.o")));
            let bytes = std::fs::read(&artefact.object).unwrap();
            let file = object::File::parse(&*bytes).unwrap();
            assert_eq!(file.architecture(), of);
            for kernel in &kernels {
                let variant =
                    module::variant(project.abi_dir(), kernel, &project.koxide_dir(), &Silent);
                assert_eq!(variant.unwrap(), options.variant);
                let (abi, out) = (project.abi_dir(), project.koxide_dir());
                let built = module::build(abi, &artefact, kernel, &out, &Silent).unwrap();
                script_agrees(&built.path, kernel, &artefact.object);
            }
        }
    }
}

/// What a driver's object has of the core library's formatting.
fn formatting(project: &Project, package: &str) -> Vec<String> {
    let driver = project.driver(Some(package)).unwrap();
    let mut options = BuildOptions::new(&Silent);
    options.quiet = true;
    let artefact = koxide_build::object::build(project, driver, &options).unwrap();
    let bytes = std::fs::read(&artefact.object).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let names = file.symbols().filter_map(|symbol| {
        let name = rustc_demangle::demangle(symbol.name().ok()?);
        Some(format!("{name:#}"))
    });
    names.filter(|name| name.contains("core::fmt")).collect()
}

/// The kernel formats what they print. Some of a driver's own types, in a message of a panic or in a line of the log, bring
/// two thousand bytes with them.
#[test]
fn drivers_that_print_numbers_and_texts_have_no_formatting_of_their_own() {
    let project = repository();
    for package in [
        "echo_chardev",
        "hello_world",
        "random_chardev",
        "rust_misc_device",
        "scull",
        "simple_sysctl",
        "sync_example",
        "yes_chardev",
    ] {
        assert_eq!(formatting(&project, package), [""; 0], "{package}");
    }
    // It prints a type of its own, by which the test is seen to see something.
    assert!(!formatting(&project, "koxide_selftest").is_empty());
}
