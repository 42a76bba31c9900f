// SPDX-License-Identifier: MIT OR Apache-2.0

//! A driver that is a single file.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::{Ended, FAILED, KERNEL, USAGE, koxide, repository, run, scratch, shared_target};

/// A driver as upstream's documentation would show it: no crate attribute, nothing about its build.
const DRIVER: &str = r#"// SPDX-License-Identifier: GPL-2.0
//! Says where it was built.
use kernel::prelude::*;

module! {
    type: OneFile,
    name: "one_file",
    authors: ["A teacher"],
    license: "GPL",
}

struct OneFile;

impl kernel::Module for OneFile {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_info!("this is {}\n", file!());
        let mut numbers = KVec::<i32>::new();
        numbers.push(4, GFP_KERNEL)?;
        // An index that the compiler does not know, so that the core library's panic is in the object.
        pr_debug!("{}\n", numbers.iter().sum::<i32>() / numbers[numbers.len() - 1]);
        Ok(OneFile)
    }
}
"#;

/// A driver's file in a folder.
fn driver(folder: &Path, name: &str, text: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

/// Runs the command in a folder that is no project, with the target folder of all tests.
fn koxide_at(folder: &Path, words: &[&str]) -> Ended {
    run(koxide(folder)
        .args(words)
        .env("CARGO_TARGET_DIR", shared_target()))
}

#[test]
fn a_file_outside_of_any_project_is_built_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    driver(folder.path(), "one-file.rs", DRIVER);
    let words = [
        "run",
        "--source",
        "one-file.rs",
        "--kernel",
        KERNEL,
        "--",
        "cat",
        "/proc/modules",
    ];
    let ended = koxide_at(folder.path(), &words).with(0);
    assert!(ended.stdout.starts_with("one_file "), "{ended}");
    ended.saying("one_file: this is one-file.rs");
}

#[test]
fn the_same_file_gives_the_same_object_wherever_it_is() {
    let folder = scratch("one file ");
    let objects = ["a", "b/c"].map(|place| {
        let file = driver(&folder.path().join(place), "twice.rs", DRIVER);
        let words = [
            "build",
            "--source",
            file.to_str().unwrap(),
            "--kernel",
            KERNEL,
        ];
        let ended = koxide_at(folder.path(), &words).with(0);
        let module = PathBuf::from(ended.stdout.trim());
        let output = module.parent().unwrap().parent().unwrap();
        fs::read(folder.path().join(output).join("x86_64/one_file.o")).unwrap()
    });
    assert!(objects[0] == objects[1], "the objects differ");
    // Messages of panics have paths, those of the core library among them.
    let text = String::from_utf8_lossy(&objects[0]);
    let home = std::env::var("HOME").unwrap_or_else(|_| "/no/home".to_owned());
    let repository = repository();
    let places = [
        repository.as_path(),
        Path::new(&home),
        Path::new("/rustlib"),
        folder.path(),
    ];
    for place in places.map(|place| place.to_str().unwrap()) {
        assert!(!text.contains(place), "the object names {place}");
    }
}

#[test]
fn what_is_no_driver_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let build = |file: &str| {
        koxide_at(
            folder.path(),
            &["build", "--source", file, "--kernel", KERNEL],
        )
    };
    build("none.rs")
        .with(USAGE)
        .saying("cannot read the driver's source none.rs");
    build(".").with(USAGE).saying("--source takes one .rs file");
    driver(folder.path(), "driver.c", "int module;");
    build("driver.c")
        .with(USAGE)
        .saying("--source takes one .rs file");
    driver(folder.path(), "program.rs", "fn main() {}");
    build("program.rs")
        .with(USAGE)
        .saying("it has no `module! { ... }`");
    driver(
        folder.path(),
        "wrong.rs",
        &DRIVER.replace("Ok(OneFile)", "Ok(TwoFiles)"),
    );
    build("wrong.rs")
        .with(FAILED)
        .saying("wrong.rs:21:12")
        .saying("the driver `wrong` does not compile");
    let both = ["build", "--source", "wrong.rs", "-p", "wrong"];
    koxide_at(folder.path(), &both)
        .with(USAGE)
        .saying("cannot be used with");
}
