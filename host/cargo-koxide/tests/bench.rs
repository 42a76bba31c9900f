// SPDX-License-Identifier: MIT OR Apache-2.0

//! `bench`: figures of a driver beside its twin, and what is said when there is nothing to measure or to compare with.

mod support;

use support::{FAILED, KERNEL, Package, USAGE, koxide, koxide_in, repository, run, scratch};

/// The smallest twin that there is.
const TWIN: &str = "\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
MODULE_DESCRIPTION(\"Does nothing\");
MODULE_LICENSE(\"GPL\");
";

/// A driver of which only the size can be measured: it has no program that measures operations.
fn measurable() -> Package {
    let package = Package::new("measured", "koxide-bench-");
    std::fs::create_dir(package.path().join("c")).unwrap();
    package.write("c/measured.c", TWIN);
    package
}

#[test]
fn what_cannot_be_measured_is_named() {
    koxide_in(&repository(), &["bench", "-p", "koxide_selftest"])
        .with(USAGE)
        .saying("drivers/koxide_selftest/c/koxide_selftest.c");
    koxide_in(&repository(), &["bench", "-p", "no_such_driver"])
        .with(USAGE)
        .saying("hello_world");
    koxide_in(&repository(), &["bench", "--check", "--update"]).with(USAGE);
    let package = Package::new("lonely", "koxide-bench-");
    package
        .run(&["bench"])
        .with(USAGE)
        .saying("lonely has no twin in C")
        .saying("c/lonely.c");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_measured() {
    let folder = scratch("bench-");
    let nowhere = folder.path().join("no/such/figures");
    for option in ["--json", "--html"] {
        let mut command = koxide(&repository());
        command.args(["bench", "-p", "hello_world", option]);
        let ended = run(command.arg(&nowhere)).with(FAILED);
        ended
            .saying("no/such/figures")
            .saying("No such file or directory")
            .not_saying("Bytes");
    }
}

#[test]
fn figures_that_are_not_there_or_not_understood_are_told() {
    let package = measurable();
    let check = || package.run(&["bench", "--check"]).with(USAGE);
    check()
        .saying("there are no figures to compare with")
        .saying("cargo koxide bench --update");
    package.write("benchmarks.json", "{ \"rustc\": 1 }");
    check()
        .saying("benchmarks.json cannot be understood")
        .saying("line 1")
        .saying("cargo koxide bench --update");
}

#[test]
fn a_driver_that_grows_fails_the_check_until_that_is_committed() {
    let package = measurable();
    let bench = |words: &[&str]| package.run(&[&["bench", "--kernel", KERNEL], words].concat());
    bench(&["--update", "--json", "figures.json"])
        .with(0)
        .saying("measured");
    bench(&["--check"])
        .with(0)
        .saying("Nothing is worse than in benchmarks.json");
    let figures = std::fs::read(package.path().join("figures.json")).unwrap();
    let figures: serde_json::Value = serde_json::from_slice(&figures).unwrap();
    let driver = &figures["drivers"][0];
    assert_eq!(driver["name"], "measured", "{figures:#}");
    for language in ["rust", "c"] {
        let size = &driver["size"][language];
        let kinds = ["text", "rodata", "data", "bss"];
        let kinds = kinds.iter().map(|kind| size[kind].as_u64().unwrap());
        let origins = driver["origins"][language].as_object().unwrap().values();
        let origins: u64 = origins.map(|bytes| bytes.as_u64().unwrap()).sum();
        assert_eq!(kinds.sum::<u64>(), origins, "{figures:#}");
    }

    let more = format!("b\"{}", "more than before ".repeat(20));
    package.edit("src/lib.rs", "b\"", &more);
    bench(&["--check"])
        .with(FAILED)
        .saying("measured on 6.1.")
        .saying("the driver's size")
        .saying("before")
        .saying("cargo koxide bench --update");
    bench(&["--update"]).with(0);
    bench(&["--check"]).with(0);
}

/// The guard: all drivers of the repository on both kernels.
#[test]
fn no_driver_is_worse_than_committed() {
    koxide_in(&repository(), &["bench", "--check"])
        .with(0)
        .saying("Nothing is worse than in benchmarks.json");
}

#[test]
fn the_page_stands_alone() {
    let folder = scratch("bench-");
    let file = folder.path().join("page.html");
    let mut command = koxide(&repository());
    command.args(["bench", "-p", "hello_world", "--kernel", KERNEL]);
    run(command.arg("--quick").arg("--html").arg(&file)).with(0);
    let page = std::fs::read_to_string(file).unwrap();
    assert!(page.contains("hello_world in Rust: driver, "), "{page}");
    assert!(page.contains("hello_world in C: driver, "), "{page}");
    assert!(!page.contains("http"), "{page}");
}
