// SPDX-License-Identifier: MIT OR Apache-2.0

//! From source to module on fetched kernels: needs a compiler, make and, the first time, the network.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use koxide_build::object::Artefact;
use koxide_build::{Cache, KernelName, Need, Project, Silent, check, compare, kernels, module};

const KERNELS: [&str; 2] = ["debian:bookworm", "debian:bookworm-backports"];

fn good(dir: &Path) -> (Project, Artefact) {
    let project = common::toy(dir, |text| text);
    let artefact = common::object(&project).unwrap();
    (project, artefact)
}

#[test]
fn one_object_becomes_a_module_for_each_kernel() {
    let temp = tempfile::tempdir().unwrap();
    let (project, artefact) = good(temp.path());
    assert_eq!(artefact.name, "toy");
    let mut modules = Vec::new();
    for name in KERNELS {
        let kernel = common::kernel(name);
        let build = || common::module_with(project.abi_dir(), &project, &artefact, &kernel);
        let built = build().unwrap();
        let place = format!("target/koxide/{}/toy.ko", kernel.release);
        assert!(built.path.ends_with(place), "{:?}", built.path);
        assert!(!built.fresh);
        assert!(build().unwrap().fresh);
        modules.push(built.path);
    }
    let same = compare::same_object(&modules[0], &modules[1], &artefact.object).unwrap();
    assert!(same > 10, "{same} functions");
}

/// Fault plans are in modules for tests only, and these have the code that is shipped.
#[test]
fn shims_that_fail_are_apart_from_what_is_shipped() {
    let temp = tempfile::tempdir().unwrap();
    let (project, artefact) = good(temp.path());
    for name in KERNELS {
        let kernel = common::kernel(name);
        let [shipped, faulty] = [module::Shims::Shipped, module::Shims::Faulty].map(|shims| {
            let (abi, out) = (project.abi_dir(), project.koxide_dir());
            let built = module::build_with(abi, &artefact, shims, &kernel, &out, &Silent);
            built.unwrap().path
        });
        assert!(faulty.ends_with(format!("{}/toy-faults.ko", kernel.release)));
        let has_plan = |module: &Path| {
            let bytes = fs::read(module).unwrap();
            bytes.windows(10).any(|part| part == b"kx_fail_at")
        };
        assert!(has_plan(&faulty) && !has_plan(&shipped));
        compare::same_object(&shipped, &faulty, &artefact.object).unwrap();
    }
}

#[test]
fn another_object_is_told_apart() {
    let temp = tempfile::tempdir().unwrap();
    let kernel = common::kernel(KERNELS[0]);
    let mut modules = Vec::new();
    let mut objects = Vec::new();
    for (dir, number) in [("a", "4, 9"), ("b", "4, 8")] {
        let project = common::toy(&temp.path().join(dir), |text| text.replace("4, 9", number));
        let artefact = common::object(&project).unwrap();
        let built = common::module_with(project.abi_dir(), &project, &artefact, &kernel);
        modules.push(built.unwrap().path);
        objects.push(artefact);
    }
    // The numbers are data or code, as the compiler likes: what counts is that a change of code is seen.
    let bytes = fs::read(&modules[1]).unwrap();
    let text = compare::same_object(&modules[0], &modules[0], &objects[0].object);
    assert!(text.is_ok());
    let changed = temp.path().join("changed.ko");
    fs::write(&changed, flip_a_return(bytes)).unwrap();
    let error = compare::same_object(&modules[1], &changed, &objects[1].object).unwrap_err();
    assert!(matches!(error, compare::Error::Differs { .. }), "{error}");
}

/// Changes one byte of code: the first endbr of a Rust function.
fn flip_a_return(mut bytes: Vec<u8>) -> Vec<u8> {
    let endbr = [0xf3, 0x0f, 0x1e, 0xfa];
    let found = bytes.windows(4).enumerate().filter(|(_, w)| *w == endbr);
    let places: Vec<usize> = found.map(|(at, _)| at).collect();
    for at in places {
        bytes[at + 3] = 0xfb;
    }
    bytes
}

#[test]
fn no_rust_is_needed_for_another_kernel() {
    let temp = tempfile::tempdir().unwrap();
    let (_, artefact) = good(temp.path());
    let programs = temp.path().join("bin");
    common::programs(&programs, |name| {
        name.starts_with("rustc") || name.starts_with("cargo")
    });
    for name in ["rustc", "cargo"] {
        let path = programs.join(name);
        fs::write(&path, "#!/bin/sh\nexit 1\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let variables = [
        ("PATH", programs.as_path()),
        ("KOXIDE_TEST_OBJECT", &artefact.object),
    ];
    common::in_environment("child_builds_from_the_artefact", &variables);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_builds_from_the_artefact() {
    let object = PathBuf::from(std::env::var_os("KOXIDE_TEST_OBJECT").unwrap());
    assert!(koxide_process_fails("rustc"));
    let artefact = Artefact::open(&object).unwrap();
    let out = object.parent().unwrap().parent().unwrap().join("elsewhere");
    for name in KERNELS {
        let kernel = common::kernel(name);
        module::build(&common::abi(), &artefact, &kernel, &out, &Silent).unwrap();
    }
}

fn koxide_process_fails(program: &str) -> bool {
    let status = std::process::Command::new(program)
        .arg("--version")
        .status();
    !status.unwrap().success()
}

#[test]
fn a_missing_compiler_is_a_need() {
    let temp = tempfile::tempdir().unwrap();
    let (_, artefact) = good(temp.path());
    let programs = temp.path().join("bin");
    common::programs(&programs, |name| name.contains("gcc") || name == "cc");
    let variables = [
        ("PATH", programs.as_path()),
        ("KOXIDE_TEST_OBJECT", &artefact.object),
    ];
    common::in_environment("child_has_no_compiler", &variables);
}

#[test]
#[ignore = "runs in a process of its own, started by another test"]
fn child_has_no_compiler() {
    let object = PathBuf::from(std::env::var_os("KOXIDE_TEST_OBJECT").unwrap());
    let artefact = Artefact::open(&object).unwrap();
    let out = object.parent().unwrap().join("out");
    // One that was not fetched has no distribution to fetch a compiler from.
    let fetched = common::kernel(KERNELS[0]);
    let name = KernelName::Path(fetched.headers.root);
    let cache = Cache::from_env().unwrap();
    let kernel = kernels::show(&cache, &name, &kernels::Options::new(&Silent)).unwrap();
    let error = module::build(&common::abi(), &artefact, &kernel, &out, &Silent).unwrap_err();
    let wanted = "gcc-12".to_owned();
    assert_eq!(error.missing(), Some(Need::Compiler { wanted }));
    assert!(
        error.to_string().contains("install the package gcc-12"),
        "{error}"
    );
}

#[test]
fn spaces_and_colons_in_paths_do_no_harm() {
    let temp = tempfile::tempdir().unwrap();
    let (project, artefact) = good(&temp.path().join("my project"));
    let real = Cache::from_env().unwrap();
    let kernel = common::kernel(KERNELS[0]);
    // The same kernels seen through a path that make would split.
    let cache = temp.path().join("a cache: mine");
    fs::create_dir(&cache).unwrap();
    for dir in ["kernels", "names"] {
        std::os::unix::fs::symlink(real.root().join(dir), cache.join(dir)).unwrap();
    }
    let options = kernels::Options::new(&Silent);
    let name = kernel.name.clone();
    let kernel = kernels::show(&Cache::at(&cache), &name, &options).unwrap();
    assert!(kernel.headers.build.starts_with(&cache));
    let out = temp.path().join("an out: here");
    let built = module::build(project.abi_dir(), &artefact, &kernel, &out, &Silent).unwrap();
    assert!(built.path.starts_with(&out));
}

#[test]
fn two_builds_at_once_do_no_harm() {
    let temp = tempfile::tempdir().unwrap();
    let (project, artefact) = good(temp.path());
    let kernel = common::kernel(KERNELS[0]);
    let build = || common::module_with(project.abi_dir(), &project, &artefact, &kernel).unwrap();
    let both = std::thread::scope(|scope| {
        let threads = [scope.spawn(build), scope.spawn(build)];
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(both[0].bytes, both[1].bytes);
    // The one that waited had nothing left to do.
    assert!(both[0].fresh != both[1].fresh);
}

#[test]
fn shims_of_another_version_are_refused_in_a_sentence() {
    let temp = tempfile::tempdir().unwrap();
    let (project, artefact) = good(temp.path());
    let kernel = common::kernel(KERNELS[0]);
    let last = common::module_with(project.abi_dir(), &project, &artefact, &kernel).unwrap();
    let before = fs::read(&last.path).unwrap();
    let abi = common::shims(&temp.path().join("abi"), "include/koxide.h", |text| {
        text.replace("KX_ABI_VERSION 1", "KX_ABI_VERSION 2")
    });
    let error = common::module_with(&abi, &project, &artefact, &kernel).unwrap_err();
    assert!(
        matches!(&error, module::Error::Check(check::Error::AbiVersion { object }) if object == "1"),
        "{error}"
    );
    // The last good module is still there.
    assert_eq!(fs::read(&last.path).unwrap(), before);
}

/// Builds the toy with a line put into the shim that prints.
fn with_shim_line(license: &str, line: &str) -> module::Error {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| {
        text.replace("license=GPL", &format!("license={license}"))
    });
    let artefact = common::object(&project).unwrap();
    let abi = common::shims(&temp.path().join("abi"), "shims/print.c", |text| {
        let text = text.replace(
            "#include \"koxide.h\"",
            "#include \"koxide.h\"\n#include <linux/rcupdate.h>\nvoid no_such_function(void);",
        );
        text.replace("int room =", &format!("{line}\n\tint room ="))
    });
    let kernel = common::kernel(KERNELS[0]);
    common::module_with(&abi, &project, &artefact, &kernel).unwrap_err()
}

#[test]
fn what_the_kernel_does_not_export_is_named() {
    let error = with_shim_line("GPL", "\tno_such_function();").to_string();
    assert!(
        error.starts_with("not-exported: the kernel 6.1.0-"),
        "{error}"
    );
    assert!(
        error.contains("does not export no_such_function;"),
        "{error}"
    );
}

#[test]
fn what_is_for_gpl_modules_is_named() {
    let error = with_shim_line("Proprietary", "\tsynchronize_rcu();").to_string();
    assert!(error.starts_with("gpl-only: "), "{error}");
    assert!(error.contains("synchronize_rcu"), "{error}");
}

#[test]
fn what_the_compiler_says_is_shown() {
    let error = with_shim_line("GPL", "\tthis is no C;").to_string();
    assert!(
        error.starts_with("the C side of toy does not build for the kernel 6.1.0-"),
        "{error}"
    );
    assert!(error.contains("print.c:"), "{error}");
}
