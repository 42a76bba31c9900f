// SPDX-License-Identifier: MIT OR Apache-2.0

//! Rust compilers that drivers cannot be built with.

mod support;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::sandbox::{Programs, which};
use support::{Ended, KERNEL, MISSING, Package, repository, run, scratch};

/// The name of the toolchain that drivers are built with.
fn name() -> String {
    let mut rustup = Command::new("rustup");
    let ended = run(rustup
        .args(["show", "active-toolchain"])
        .current_dir(repository()));
    let line = ended.with(0).stdout;
    line.split_whitespace().next().unwrap().to_owned()
}

/// Its folder.
fn toolchain() -> PathBuf {
    let mut rustc = Command::new("rustc");
    let ended = run(rustc.args(["--print", "sysroot"]).current_dir(repository()));
    PathBuf::from(ended.with(0).stdout.trim())
}

/// Links all entries of a folder into another, but some.
fn link_all(from: &Path, to: &Path, but: &[&str]) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if !but.iter().any(|name| entry.file_name() == *name) {
            symlink(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// The same file at another place, which a link is not to a program that asks where it is.
fn same(from: &Path, to: &Path) {
    if std::fs::hard_link(from, to).is_err() {
        std::fs::copy(from, to).unwrap();
    }
}

/// Runs the command where rustup has nothing but what is in this folder.
fn with_rustup_home(home: &Path, package: &Package, words: &[&str]) -> Ended {
    let mut command = package.koxide();
    command
        .args(words)
        .env("RUSTUP_HOME", home)
        .env("RUSTUP_AUTO_INSTALL", "0");
    run(&mut command)
}

#[test]
fn a_toolchain_without_the_source_of_the_core_library() {
    let package = Package::new("lacks_rust_src", "koxide-");
    let home = scratch("rustup-");
    let (whole, bare) = (toolchain(), home.path().join("toolchains").join(name()));
    link_all(&whole, &bare, &["bin", "lib"]);
    link_all(
        &whole.join("lib/rustlib"),
        &bare.join("lib/rustlib"),
        &["src"],
    );
    std::fs::create_dir(bare.join("bin")).unwrap();
    for folder in ["bin", "lib"] {
        for entry in std::fs::read_dir(whole.join(folder)).unwrap() {
            let from = entry.unwrap().path();
            if from.is_file() {
                same(&from, &bare.join(folder).join(from.file_name().unwrap()));
            }
        }
    }
    let with_bare = |words: &[&str]| with_rustup_home(home.path(), &package, words).with(MISSING);
    with_bare(&["build", "--kernel", KERNEL])
        .saying("something that this needs is missing:\n  rust-src: ")
        .saying("rustup component add rust-src");
    with_bare(&["doctor"])
        .saying("missing rust-src")
        .saying("To install:\n  rustup component add rust-src");
    package.run(&["build", "--kernel", KERNEL]).with(0);
}

#[test]
fn a_rustup_without_the_toolchain() {
    let package = Package::new("lacks_toolchain", "koxide-");
    let home = scratch("rustup-");
    let with_none = |words: &[&str]| with_rustup_home(home.path(), &package, words).with(MISSING);
    with_none(&["build", "--kernel", KERNEL])
        .saying("rustup toolchain install")
        .saying("is not installed");
    with_none(&["doctor"]).saying("To install:\n  rustup toolchain install");
}

#[test]
fn a_compiler_of_the_distribution() {
    let package = Package::new("lacks_rustup", "koxide-");
    let cargo = which("cargo");
    let old = "\
        error: failed to parse manifest at `Cargo.toml`\n\
        Caused by:\n  this version of Cargo is older than the `2024` edition";
    let rustc = |version: &str| {
        format!(
            "case \"$*\" in *sysroot*) echo /usr ;; *) echo 'rustc {version} (built by a distribution)' ;; esac"
        )
    };
    let recent = Programs::without(&["rustup"])
        .script("rustc", &rustc("1.95.0"))
        .script("cargo", &format!("exec {} \"$@\"", cargo.display()));
    let ancient = Programs::without(&["rustup"])
        .script("rustc", &rustc("1.63.0"))
        .script("cargo", &format!("echo '{old}' >&2; exit 101"));
    for programs in [&recent, &ancient] {
        for words in [
            &["build", "--kernel", KERNEL][..],
            &["test"],
            &["run", "--", "true"],
        ] {
            let mut command = package.koxide();
            run(command.args(words).env("PATH", programs.path()))
                .with(MISSING)
                .saying("rustup: brings the Rust compiler")
                .saying("(built by a distribution) from /usr, not from rustup")
                .not_saying("older than the `2024` edition");
        }
    }
    package.run(&["build", "--kernel", KERNEL]).with(0);
}
