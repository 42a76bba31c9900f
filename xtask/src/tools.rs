// SPDX-License-Identifier: MIT OR Apache-2.0

//! The toolchain's own checks, as this repository wants them.

use std::path::Path;

use koxide_process::Command;

/// Every file is formatted.
///
/// # Errors
/// What rustfmt would change.
pub fn format(root: &Path) -> anyhow::Result<()> {
    cargo(root, &["fmt", "--all", "--check"])
}

/// No lint is broken, in tests and in-kernel tests either.
///
/// # Errors
/// What clippy says.
pub fn lints(root: &Path) -> anyhow::Result<()> {
    cargo(
        root,
        &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-Dwarnings",
        ],
    )
}

/// The documentation is whole, and its links lead somewhere.
///
/// # Errors
/// What rustdoc says.
pub fn documentation(root: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("cargo");
    command.args([
        "doc",
        "--quiet",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    // The binary and the library of a package would write the same page.
    command
        .args(["--lib"])
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .current_dir(root);
    Ok(command.output().map(drop)?)
}

fn cargo(root: &Path, args: &[&str]) -> anyhow::Result<()> {
    Ok(Command::new("cargo")
        .args(args)
        .current_dir(root)
        .output()
        .map(drop)?)
}
