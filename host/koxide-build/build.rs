// SPDX-License-Identifier: MIT OR Apache-2.0

//! Tells the library what it is made of itself, so that what another state of it has built is not taken for new.

use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::path::Path;
use std::{env, fs};

/// What has a part in how objects and modules come out.
const PARTS: [&str; 4] = ["src/arch.rs", "src/object", "src/module", "kbuild"];

fn main() -> io::Result<()> {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut hasher = DefaultHasher::new();
    for part in PARTS {
        println!("cargo::rerun-if-changed={part}");
        add(&Path::new(root).join(part), &mut hasher)?;
    }
    println!("cargo::rustc-env=KOXIDE_BUILDER={:016x}", hasher.finish());
    Ok(())
}

/// Adds a file, or all files of a folder in the order of their names.
fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
        let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| add(path, hasher));
    }
    hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
    hasher.write(&fs::read(path)?);
    Ok(())
}
