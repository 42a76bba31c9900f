// SPDX-License-Identifier: MIT OR Apache-2.0

//! A driver's twin in C: the tests of the driver are run for it as well, and it is what they load then.

mod support;

use support::{Ended, FAILED, KERNEL, Package};

/// The twin, which greets as the driver does in a way of its own.
const TWIN: &str = r#"// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include "words.h"

static int __init two_tongues_init(void)
{
	pr_info("two_tongues: " GREETING "\n");
	return 0;
}

static void __exit two_tongues_exit(void)
{
}

module_init(two_tongues_init);
module_exit(two_tongues_exit);
MODULE_LICENSE("GPL");
"#;

/// Tests that tell the two apart.
const TESTS: &str = r#"
//! Which of the two it is.

use koxide_guest::{Errno, KernelLog, Module};

fn says(text: &str) {
    let mut log = KernelLog::since_now();
    Module::load("two_tongues", "").unwrap().unload().unwrap();
    log.wait_for("two_tongues: ");
    assert!(log.contains(text));
}

#[test]
#[ignore = "needs a VM"]
fn in_c() {
    says("ready in C");
}

#[test]
#[ignore = "needs a VM"]
fn in_rust() {
    says("ready in Rust");
}

#[test]
#[ignore = "needs a VM"]
fn twin_of_nothing() {
    assert_eq!(Module::load("two_tongues-faults", "").unwrap_err(), Errno::ENOENT);
}
"#;

/// A driver and the folder for its twin.
fn package() -> Package {
    let package = Package::new("two_tongues", "koxide-");
    package.edit("src/lib.rs", "\"ready\\n\"", "\"ready in Rust\\n\"");
    package
}

fn build(package: &Package) -> Ended {
    package.run(&["build", "--c", "-p", "two_tongues", "--kernel", KERNEL])
}

#[test]
fn a_twin_that_is_not_there_or_does_not_compile() {
    let package = package();
    let words = ["--c", "-p", "two_tongues", "--kernel", KERNEL];
    let where_to = "error: two_tongues has no twin in C: it would be c/two_tongues.c";
    build(&package).with(FAILED).saying(where_to);
    let run = [&["run"], &words[..], &["--", "true"]].concat();
    package.run(&run).with(FAILED).saying(where_to);
    // Who asks for the twins of all drivers is told which have none.
    package
        .run(&["build", "--c", "--kernel", KERNEL])
        .with(0)
        .saying("two_tongues has no twin in C");

    let folder = package.path().join("c");
    std::fs::create_dir(&folder).unwrap();
    package.write("c/tongues.c", TWIN);
    build(&package)
        .with(FAILED)
        .saying("two_tongues has a folder for its twin in C and no ")
        .saying("c/two_tongues.c: write the twin there");

    package.write("c/two_tongues.c", &TWIN.replace("return 0;", "return nil;"));
    package.write("c/words.h", "#define GREETING \"ready in C\"\n");
    build(&package)
        .with(FAILED)
        .saying("error: the twin in C of two_tongues does not build for the kernel 6.1.0-")
        .saying("/two_tongues/c/two_tongues.c:8:")
        .saying("nil")
        .not_saying(".work");
    // Nothing is run when something does not compile.
    package
        .run(&["test", "--vm-only", "--kernel", KERNEL])
        .with(FAILED)
        .saying("error: the twin in C of two_tongues does not build")
        .not_saying("PASS");
}

#[test]
fn the_tests_of_a_driver_are_run_for_its_twin() {
    let package = package();
    std::fs::create_dir(package.path().join("c")).unwrap();
    package.write("c/two_tongues.c", TWIN);
    package.write("c/words.h", "#define GREETING \"mute\"\n");
    build(&package).with(0).saying("/c/two_tongues.ko\n");
    // A header is part of it.
    package.write("c/words.h", "#define GREETING \"ready in C\"\n");
    let run = ["run", "--c", "--kernel", KERNEL, "--", "echo", "it ran"];
    let ended = package.run(&run).with(0).saying("two_tongues: ready in C");
    assert_eq!(ended.stdout, "it ran\n");
    build(&package).with(0).not_saying("Linked");

    package.write("tests/tongue.rs", TESTS);
    let test = ["test", "--vm-only", "--kernel", KERNEL, "tongue::"];
    let ended = package.run(&test).with(FAILED);
    let line = |verdict: &str, test: &str| {
        let ends = format!(" {test}");
        let is = |line: &&str| line.contains(verdict) && line.ends_with(&ends);
        assert!(
            ended.stdout.lines().any(|l| is(&l)),
            "{verdict} {test}: {ended}"
        );
    };
    line("PASS", "two_tongues::tongue in_rust");
    line("FAIL", "two_tongues::tongue in_c");
    line("PASS", "(C) two_tongues::tongue in_c");
    line("FAIL", "(C) two_tongues::tongue in_rust");
    // It is the driver's own that has shims with faults.
    line("PASS", "(C) two_tongues::tongue twin_of_nothing");
    ended
        .saying("3 passed, 3 failed")
        .not_saying("(C) two_tongues::faults")
        .not_saying("(C) two_tongues::kunit");
}
