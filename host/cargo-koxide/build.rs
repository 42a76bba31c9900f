// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells the command which toolchain and which shim ABI the repository that it is built from has.

use std::path::Path;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let toolchain = value(&root.join("rust-toolchain.toml"), "channel = ");
    let abi = value(
        &root.join("kernel/koxide-abi/include/koxide.h"),
        "#define KX_ABI_VERSION ",
    );
    println!("cargo::rustc-env=KOXIDE_TOOLCHAIN={toolchain}");
    println!("cargo::rustc-env=KOXIDE_ABI={abi}");
}

/// What follows `key` in a file, without quotes.
fn value(path: &Path, key: &str) -> String {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()));
    let value = text.lines().find_map(|line| line.strip_prefix(key));
    value
        .unwrap_or_else(|| panic!("no line `{key}` in {}", path.display()))
        .trim_matches('"')
        .to_owned()
}
