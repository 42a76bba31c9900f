// SPDX-License-Identifier: MIT OR Apache-2.0

//! Folders whose names make, cargo or the shell take apart.

mod support;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use support::cache::Copy;
use support::{Ended, KERNEL, Package, USAGE, koxide, repository, run, scratch, shared_target};

/// Runs the command with all its folders below ones with awkward names.
fn with(package: &Package, cache: &Path, target: &Path, words: &[&str]) -> Ended {
    let mut command = package.koxide();
    command
        .args(words)
        .env("KOXIDE_CACHE", cache)
        .env("CARGO_TARGET_DIR", target);
    run(&mut command)
}

#[test]
fn a_space_is_a_letter_like_any_other() {
    let package = Package::new("with_space", "a folder of $mine (it's #1) ");
    let cache = Copy::new("a cache #1 ");
    // The home of somebody whose name has a space, with a toolchain and a cache in it.
    let home = scratch("my home ");
    for (folder, variable) in [(".cargo", "CARGO_HOME"), (".rustup", "RUSTUP_HOME")] {
        let user = || Path::new(&std::env::var_os("HOME").unwrap()).join(folder);
        let place = std::env::var_os(variable).map_or_else(user, PathBuf::from);
        symlink(place, home.path().join(folder)).unwrap();
    }
    std::fs::create_dir(home.path().join(".cache")).unwrap();
    symlink(cache.path(), home.path().join(".cache/koxide")).unwrap();
    // A target folder of its own, below the awkward one: what is compiled there is compiled from the start.
    let target = package.path().join("target");
    let mut cat = package.koxide();
    cat.args(["run", "--kernel", KERNEL, "--", "cat", "/dev/with_space"])
        .env("HOME", home.path())
        .env("CARGO_TARGET_DIR", &target);
    for variable in [
        "CARGO_HOME",
        "RUSTUP_HOME",
        "XDG_CACHE_HOME",
        "KOXIDE_CACHE",
    ] {
        cat.env_remove(variable);
    }
    run(&mut cat).with(0).saying("NOTHING WAS WRITTEN YET");
    let kernels = std::fs::read_dir(target.join("koxide")).unwrap();
    let modules = kernels.filter(|f| f.as_ref().unwrap().path().join("with_space.ko").exists());
    assert_eq!(modules.count(), 1);
}

#[test]
fn a_checkout_in_a_folder_with_a_space() {
    let folder = scratch("my checkouts ");
    let checkout = folder.path().join("koxide");
    std::fs::create_dir(&checkout).unwrap();
    for entry in std::fs::read_dir(repository()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "target" && entry.file_name() != ".git" {
            symlink(entry.path(), checkout.join(entry.file_name())).unwrap();
        }
    }
    let mut build = koxide(&checkout);
    build
        .args(["build", "-p", "hello_world", "--kernel", KERNEL])
        .env("CARGO_TARGET_DIR", shared_target());
    run(&mut build).with(0).saying("hello_world.ko");
}

#[test]
fn a_colon_works_where_cargo_can_work_with_it() {
    let package = Package::new("with_colon", "koxide:a:folder:");
    let cache = Copy::new("cache:with:colons ");
    let words = ["run", "--kernel", KERNEL, "--", "cat", "/dev/with_colon"];
    with(&package, &cache.path(), &shared_target(), &words)
        .with(0)
        .saying("NOTHING WAS WRITTEN YET");

    // cargo puts the target folder into lists with colons.
    let target = package.path().join("target");
    with(&package, &cache.path(), &target, &words)
        .with(USAGE)
        .saying(&format!("drivers would be built in {}", target.display()))
        .saying("move the project, or set CARGO_TARGET_DIR to a folder without one");
    assert!(!target.exists());
}
