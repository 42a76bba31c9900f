// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel logs of a crash is shown with the lines of the driver's source, where the package is the user's own.

mod support;

use support::{CRASHED, KERNEL, Package};

/// The number of the line of the driver that has this text.
fn line_of(package: &Package, text: &str) -> usize {
    let source = std::fs::read_to_string(package.path().join("src/lib.rs")).unwrap();
    let at = source.lines().position(|line| line.contains(text));
    at.unwrap() + 1
}

#[test]
fn a_crash_is_shown_with_the_lines_of_the_source() {
    let package = Package::new("crashes", "koxide-");
    let fault = "text[100] = 0;";
    let code = "text.make_ascii_uppercase();";
    package.edit("src/lib.rs", code, &format!("{code}\n    {fault}"));
    // One function was made of the two.
    let inner = format!("at src/lib.rs:{} in capitalise", line_of(&package, fault));
    let outer = line_of(&package, "capitalise(&mut written);");
    let outer = format!("at src/lib.rs:{outer} in write_iter");

    let write = ["--", "sh", "-c", "echo hello > /dev/crashes"];
    let ended = package
        .run(&[&["run", "--kernel", KERNEL][..], &write].concat())
        .with(CRASHED)
        .saying(&inner)
        .saying(&outer);
    // Names are those of the source, of functions whose code is their own, too.
    assert!(!ended.stderr.contains("_RNv"), "{ended}");
    let place = |text: &str| ended.stderr.find(text).unwrap();
    assert!(place("Call Trace:") < place(&inner) && place(&inner) < place(&outer));

    // The log of a test that crashed, as well.
    let test = ["test", "--vm-only", "--kernel", KERNEL, "comes_back"];
    package
        .run(&test)
        .with(CRASHED)
        .saying(&inner)
        .saying(&outer);
}
