// SPDX-License-Identifier: MIT OR Apache-2.0

//! Drivers that do not compile or do not load, and two builds of one driver at the same time.

mod support;

use std::time::Duration;

use support::process::Running;
use support::{FAILED, KERNEL, Package, run, shared_target};

/// The modules of a package, with what is in them.
fn modules(name: &str) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let folders = std::fs::read_dir(shared_target().join("koxide")).unwrap();
    let files = folders.map(|folder| folder.unwrap().path().join(format!("{name}.ko")));
    files
        .filter_map(|file| Some((file.clone(), std::fs::read(file).ok()?)))
        .collect()
}

#[test]
fn a_driver_that_does_not_compile() {
    let package = Package::new("not_rust", "koxide-");
    let build = ["build", "--kernel", KERNEL];
    package.run(&build).with(0);
    let good = modules("not_rust");
    assert_eq!(good.len(), 1);
    package.edit(
        "src/lib.rs",
        "capitalise(&mut written);",
        "capitalize(&mut written);",
    );

    let ended = package.run(&build).with(FAILED);
    // What rustc itself says, as it says it.
    ended
        .saying("error[E0425]: cannot find function `capitalize` in this scope\n  --> src/lib.rs:")
        .saying("similarly named function `capitalise` defined here")
        .saying("error: the driver `not_rust` does not compile");
    let quiet = package
        .run(&["build", "-q", "--kernel", KERNEL])
        .with(FAILED);
    assert!(quiet.stderr.starts_with("error[E0425]"), "{quiet}");
    let coloured = package.run(&["build", "--color=always", "--kernel", KERNEL]);
    coloured
        .with(FAILED)
        .saying("\u{1b}[1m\u{1b}[91merror[E0425]\u{1b}[0m");
    // It leads to where a macro is, too, which is in cargo's folder.
    package.edit(
        "src/lib.rs",
        "text <- new_mutex!(text)",
        "text <- new_mutex!(0_u8)",
    );
    package
        .run(&["test", "--vm-only", "--kernel", KERNEL])
        .with(FAILED)
        .saying("error[E0425]")
        .saying("error[E0277]")
        .saying("/registry/src/")
        .not_saying("> cargo/registry/src");
    package.edit(
        "src/lib.rs",
        "text <- new_mutex!(0_u8)",
        "text <- new_mutex!(text)",
    );
    assert_eq!(modules("not_rust"), good, "the last good module is gone");

    package.edit(
        "src/lib.rs",
        "capitalize(&mut written);",
        "capitalise(&mut written);",
    );
    package.run(&build).with(0);
}

#[test]
fn a_test_that_does_not_compile() {
    let package = Package::new("bad_tests", "koxide-");
    package.write(
        "tests/more.rs",
        "#[test]\nfn more() {\n    no_such_function();\n}\n",
    );
    package
        .run(&["test", "--vm-only", "--kernel", KERNEL])
        .with(FAILED)
        .saying("cannot find function `no_such_function` in this scope\n --> tests/more.rs:3:5");
    package.write("tests/more.rs", "");
    package.run(&["build", "--kernel", KERNEL]).with(0);
}

#[test]
fn a_driver_whose_init_fails() {
    let package = Package::new("no_device", "koxide-");
    package.edit(
        "src/lib.rs",
        "    _device: MiscDeviceRegistration<OpenFile>,\n",
        "    _device: MiscDeviceRegistration<OpenFile>,\n    _never: u8,\n",
    );
    package.edit(
        "src/lib.rs",
        "c\"no_device\" }),\n",
        "c\"no_device\" }),\n            _never: Err::<u8, Error>(ENODEV)?,\n",
    );
    let ended = package
        .run(&["run", "--kernel", KERNEL, "--", "echo", "it ran"])
        .with(FAILED)
        .saying("error: no_device: init failed: ENODEV (19)");
    // Without its driver the command says nothing of use.
    assert_eq!(ended.stdout, "");
    package
        .run(&["test", "--vm-only", "--kernel", KERNEL])
        .with(FAILED)
        .saying("no_device::kunit load\n")
        .saying("no_device::kunit: init failed: ENODEV (19)")
        .saying("called `Result::unwrap()` on an `Err` value: ENODEV (19)");
}

#[test]
fn two_builds_at_once() {
    let package = Package::new("built_twice", "koxide-");
    let start = || Running::start(package.koxide().args(["build", "--kernel", KERNEL]));
    let both = [start(), start()];
    for build in both {
        build
            .end_within(Duration::from_secs(120))
            .with(0)
            .saying("built_twice.ko");
    }
    let fresh = run(package.koxide().args(["build", "-v", "--kernel", KERNEL])).with(0);
    fresh.not_saying("make -C");
}
