// SPDX-License-Identifier: MIT OR Apache-2.0

//! Folders whose names make, cargo or the shell take apart.

mod support;

use std::path::Path;

use support::cache::Copy;
use support::{Ended, KERNEL, Package, USAGE, run, shared_target};

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
    // A target folder of its own, below the awkward one: what is compiled there is compiled from the start.
    let target = package.path().join("target");
    let words = ["test", "--vm-only", "--kernel", KERNEL];
    let ended = with(&package, &cache.path(), &target, &words);
    ended.with(0).saying("4 passed, 0 failed");
    let module = std::fs::read_dir(target.join("koxide")).unwrap();
    let modules = module.filter(|f| f.as_ref().unwrap().path().join("with_space.ko").exists());
    assert_eq!(modules.count(), 1);
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
