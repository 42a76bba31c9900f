// SPDX-License-Identifier: MIT OR Apache-2.0

//! The checks as a shell script, on modules that are good and on modules that were spoilt.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use koxide_build::Kernel;

struct Built {
    _temp: tempfile::TempDir,
    ko: PathBuf,
    object: PathBuf,
    kernel: Kernel,
}

fn built(name: &str) -> Built {
    let temp = tempfile::tempdir().unwrap();
    let project = common::toy(temp.path(), |text| text);
    let artefact = common::object(&project).unwrap();
    let kernel = common::kernel(name);
    let module = common::module_with(project.abi_dir(), &project, &artefact, &kernel).unwrap();
    Built {
        _temp: temp,
        ko: module.path,
        object: artefact.object,
        kernel,
    }
}

/// The script's exit status and what it printed.
fn script(ko: &Path, built: &Built) -> (Option<i32>, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/koxide-check.sh");
    let output = Command::new("sh")
        .arg(script)
        .arg(ko)
        .args([&built.kernel.headers.build, &built.object])
        .output()
        .unwrap();
    let said = output.stdout.into_iter().chain(output.stderr).collect();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// What the script says of the module after binutils changed it.
fn spoilt(built: &Built, args: &[&str]) -> String {
    let ko = built.ko.with_file_name("spoilt.ko");
    let objcopy = Command::new("objcopy")
        .args(args)
        .args([&built.ko, &ko])
        .status();
    assert!(objcopy.unwrap().success());
    let (status, said) = script(&ko, built);
    assert_eq!(status, Some(1), "{said}");
    said
}

#[test]
fn good_modules_pass() {
    for name in ["debian:bookworm", "debian:bookworm-backports"] {
        let built = built(name);
        assert_eq!(script(&built.ko, &built), (Some(0), String::new()));
    }
}

#[test]
fn each_fault_is_named() {
    let built = built("debian:bookworm");
    let has = |args: &[&str], words: &str| {
        let said = spoilt(&built, args);
        assert!(said.contains(words), "{words} is not in: {said}");
    };
    has(
        &["--remove-section=.rela.return_sites"],
        ": unpatched-return: ",
    );
    has(
        &["--remove-section=.rela.retpoline_sites"],
        ": unpatched-branch: ",
    );
    has(&["--remove-section=.rela.orc_unwind_ip"], ": no-orc: ");
    has(
        &["--rename-section=.rodata=.data.table,alloc,load,data"],
        ": writable-table: .data.table holds the address of ",
    );
    has(
        &["--redefine-sym", "_printk=kx_print_from_next_year"],
        ": no-shim: ",
    );
    has(&["--redefine-sym", "_printk=no_such"], ": not-exported: ");
    has(&["--redefine-sym", "_printk=kx_abi_9"], ": abi-version: ");
    has(&["--redefine-sym", "_printk=_dev_info"], ": wrong-crc: ");
    has(
        &[
            "--remove-section=.modinfo",
            "--redefine-sym",
            "_printk=synchronize_rcu",
        ],
        ": gpl-only: ",
    );
}

#[test]
fn functions_without_room_before_them_are_named() {
    let (old, new) = (built("debian:bookworm"), built("debian:bookworm-backports"));
    let (_, said) = script(&old.ko, &new);
    let about = |name: &str| format!(": no-padding: {name} does not have 16 bytes");
    assert!(said.contains(&about("init_module")), "{said}");
    // Code of C is the kernel's own build system's business.
    assert!(!said.contains(&about("kx_")), "{said}");
}

#[test]
fn relocations_that_the_loader_refuses_are_named() {
    let built = built("debian:bookworm");
    let source = built.ko.with_file_name("got.s");
    fs::write(&source, "movq _printk@GOTPCREL(%rip),%rax\n").unwrap();
    let ko = built.ko.with_file_name("got.ko");
    let assembler = Command::new("as").arg("-o").args([&ko, &source]).status();
    assert!(assembler.unwrap().success());
    let (_, said) = script(&ko, &built);
    assert!(
        said.contains(": bad-relocation: .text refers to _printk by R_X86_64_"),
        "{said}"
    );
}

#[test]
fn a_module_of_another_kernel_is_told() {
    let (old, new) = (built("debian:bookworm"), built("debian:bookworm-backports"));
    let (status, said) = script(&old.ko, &new);
    assert_eq!(status, Some(1));
    assert!(said.contains(": wrong-crc: "), "{said}");
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let built = built("debian:bookworm");
    let missing = built.ko.with_file_name("missing.ko");
    let (status, said) = script(&missing, &built);
    assert_eq!(status, Some(2));
    assert!(said.contains("cannot read"), "{said}");
    fs::write(&missing, "no module").unwrap();
    assert_ne!(script(&missing, &built).0, Some(0));
}
