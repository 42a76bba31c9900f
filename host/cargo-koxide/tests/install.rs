// SPDX-License-Identifier: MIT OR Apache-2.0

//! The command inside of a checkout and outside of it: the same words, and no warning of cargo's.

mod support;

use std::path::Path;
use std::process::Command;

use support::{repository, run};

/// Cargo's folder of this user.
fn cargo_home() -> std::path::PathBuf {
    let user = || Path::new(&std::env::var_os("HOME").unwrap()).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(user, Into::into)
}

#[test]
fn the_installed_command_and_the_checkout_go_together() {
    let home = tempfile::tempdir().unwrap();
    // What was downloaded is shared; what is installed and configured is not.
    std::os::unix::fs::symlink(cargo_home().join("registry"), home.path().join("registry"))
        .unwrap();
    let with_home = |program: &str, dir: &Path| {
        let mut command = Command::new(program);
        command.current_dir(dir).env("CARGO_HOME", home.path());
        command
    };

    let mut install = support::koxide(&repository());
    run(install.arg("install").env("CARGO_HOME", home.path())).with(0);
    let outside = tempfile::tempdir().unwrap();
    let version = format!("cargo koxide {}", env!("CARGO_PKG_VERSION"));
    run(with_home("cargo", outside.path()).args(["koxide", "--version"]))
        .with(0)
        .saying(&version)
        .not_saying("warning");
    run(with_home("cargo", &repository()).args(["koxide", "--version"]))
        .with(0)
        .saying(&version)
        .not_saying("warning");
    run(with_home("cargo", outside.path()).args(["koxide", "new", "elsewhere"]))
        .with(0)
        .not_saying("warning");
    assert!(outside.path().join("elsewhere/Cargo.toml").exists());
}
