// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the kernel logs of a crash is shown with the lines of the driver's source, where the package is the user's own.

mod support;

use support::{CRASHED, FAILED, KERNEL, Package, koxide_in, repository};

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
    let no_border = "[package.metadata.koxide]\npanic = \"abort\"\n\n[dependencies]";
    package.edit("Cargo.toml", "[dependencies]", no_border);
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

#[test]
fn a_panic_is_shown_as_the_documentation_has_it() {
    let page = std::fs::read_to_string(repository().join("book/src/debugging.md")).unwrap();
    let block = |language: &str| {
        let start = format!("```{language}\n");
        let rest = page.split(&start).nth(1).unwrap();
        rest.split("```").next().unwrap().to_owned()
    };
    let line = block("sh");
    let words = line.trim().strip_prefix("cargo koxide ").unwrap();
    let words: Vec<&str> = words.split(' ').collect();
    let ended = koxide_in(&repository(), &words).with(FAILED);
    // Lines and offsets change with each change of the driver.
    let without_numbers = |text: &str| text.replace(|c: char| c.is_ascii_hexdigit(), "");
    let said = without_numbers(&ended.stderr);
    let shown = block("text");
    assert!(shown.contains(" in init\n"), "{shown}");
    for line in shown.lines() {
        let line = without_numbers(line);
        assert!(said.contains(line.trim()), "no {line:?} in:\n{ended}");
    }
    // Of code from elsewhere there is only what the machine stopped in.
    assert!(!ended.stderr.contains("pinned-init"), "{ended}");
}
