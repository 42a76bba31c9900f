// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command inside of a checkout and outside of it: the same words, and no warning of cargo's.

mod support;

use std::path::Path;
use std::process::Command;

use support::{repository, run};

/// A checkout in small: the repository's own alias, and a command that says which one it is.
fn small_checkout(dir: &Path) {
    let alias = std::fs::read_to_string(repository().join(".cargo/config.toml")).unwrap();
    std::fs::create_dir_all(dir.join(".cargo")).unwrap();
    std::fs::write(dir.join(".cargo/config.toml"), alias).unwrap();
    let manifest = "[package]\nname = \"cargo-koxide\"\nedition = \"2024\"\n";
    std::fs::write(dir.join("Cargo.toml"), manifest).unwrap();
    std::fs::create_dir(dir.join("src")).unwrap();
    let main = "fn main() { println!(\"the checkout's own\"); }\n";
    std::fs::write(dir.join("src/main.rs"), main).unwrap();
}

#[test]
fn the_installed_command_and_the_checkout_go_together() {
    let home = tempfile::tempdir().unwrap();
    run(support::koxide(home.path())
        .arg("install")
        .env("CARGO_HOME", home.path()))
    .with(0);

    let cargo = |dir: &Path, words: &[&str]| {
        let mut command = Command::new("cargo");
        command.arg("koxide").args(words).current_dir(dir);
        run(command
            .env("CARGO_HOME", home.path())
            .env_remove("CARGO_TARGET_DIR"))
        .with(0)
        .not_saying("warning")
    };
    let outside = tempfile::tempdir().unwrap();
    let version = format!("cargo koxide {}", env!("CARGO_PKG_VERSION"));
    cargo(outside.path(), &["--version"]).saying(&version);
    cargo(outside.path(), &["new", "elsewhere"]);
    assert!(outside.path().join("elsewhere/Cargo.toml").exists());

    let checkout = tempfile::tempdir().unwrap();
    small_checkout(checkout.path());
    cargo(checkout.path(), &["--version"]).saying("the checkout's own");
}

#[test]
fn installing_again_replaces_the_command() {
    let home = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        run(support::koxide(home.path())
            .arg("install")
            .env("CARGO_HOME", home.path()))
        .with(0);
    }
    let programs = std::fs::read_dir(home.path().join("bin")).unwrap().count();
    assert_eq!(programs, 1, "something was left behind");
}
