// SPDX-License-Identifier: MIT OR Apache-2.0

//! A package that `new` made stands alone.

mod support;

use std::process::Command;

use support::{Package, run, shared_target};

#[test]
fn a_new_package_works_at_once() {
    let package = Package::new("stands_alone", "koxide new ");
    run(package
        .koxide()
        .args(["run", "--", "cat", "/dev/stands_alone"]))
    .with(0);
    run(package.koxide().arg("test"))
        .with(0)
        .saying(" passed, 0 failed");
    let plain = |words: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo
            .args(words)
            .current_dir(package.path())
            // The checkout's own value, with which cargo runs this test, would win over the package's.
            .env_remove("RUSTC_BOOTSTRAP")
            .env("CARGO_TARGET_DIR", shared_target());
        run(&mut cargo).with(0)
    };
    // The driver may have unstable features too, and what it needs for that is there.
    let source = package.path().join("src/lib.rs");
    let text = std::fs::read_to_string(&source).unwrap();
    std::fs::write(
        &source,
        text.replace(
            "#![no_std]",
            "#![no_std]\n#![feature(arbitrary_self_types)]",
        ),
    )
    .unwrap();
    plain(&["check"]);
    plain(&["clippy"]);
    plain(&["doc", "--no-deps"]);
    plain(&["test"]).saying("needs a VM");
}

#[test]
fn a_new_package_names_no_path_of_this_machine() {
    let package = Package::new("no_paths", "koxide-new-");
    let here = [
        env!("CARGO_MANIFEST_DIR"),
        &std::env::var("HOME").unwrap_or_else(|_| "/no/home".to_owned()),
    ];
    let mut seen = 0;
    let mut folders = vec![package.path()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let absolute = here
                .iter()
                .find(|here| here.len() > 5 && text.contains(**here));
            assert_eq!(absolute, None, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} files");
}

#[test]
fn an_existing_folder_is_left_alone() {
    let package = Package::new("twice", "koxide-new-");
    let marker = package.path().join("mine");
    std::fs::write(&marker, "mine").unwrap();
    let parent = package.path().parent().unwrap().to_owned();
    support::koxide_in(&parent, &["new", "twice"])
        .with(support::USAGE)
        .saying("exists already");
    assert!(marker.exists());
    assert_eq!(
        std::fs::read_dir(parent).unwrap().count(),
        1,
        "something was left behind"
    );
}
