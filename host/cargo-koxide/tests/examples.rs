// SPDX-License-Identifier: MIT OR Apache-2.0

//! Examples in a driver's documentation run in the kernel, and one that fails is named by its place.

mod support;

use support::{FAILED, KERNEL, Package};

/// Functions that the driver's examples use; the examples begin at the lines that the test names.
const DOCUMENTED: &str = "
/// Doubles.
///
/// ```
/// # use kernel::prelude::*;
/// use documented::double;
///
/// let boxed = KBox::new(double(21), GFP_KERNEL)?;
/// assert_eq!(*boxed, 42);
/// # Ok::<(), Error>(())
/// ```
///
/// ```
/// assert_eq!(documented::double(2), 5);
/// ```
///
/// ```
/// let row = [1, 2, 3];
/// let at = documented::double(2) as usize;
/// assert!(row[at] == 1);
/// ```
///
/// ```no_run
/// loop { documented::double(0); }
/// ```
///
/// ```compile_fail
/// documented::double(\"2\");
/// ```
pub fn double(number: u32) -> u32 {
    number * 2
}

#[kunit_tests(panics)]
mod panics {
    use super::*;

    #[test]
    #[should_panic(expected = \"overflow\")]
    fn as_it_should() {
        double(u32::MAX);
    }

    #[test]
    #[should_panic]
    fn not_at_all() {
        double(1);
    }
}
";

#[test]
fn examples_run_in_the_kernel_and_are_named_by_their_places() {
    let package = Package::new("documented", "koxide-");
    let source = package.path().join("src/lib.rs");
    let text = std::fs::read_to_string(&source).unwrap();
    let before = text.lines().count();
    std::fs::write(source, text + DOCUMENTED).unwrap();
    std::fs::remove_file(package.path().join("tests/documented.rs")).unwrap();
    let at = |line: usize| format!("src/lib.rs:{}", before + line);

    let ended = package
        .run(&["test", "--vm-only", "--kernel", KERNEL])
        .with(FAILED);
    let name = |line| format!("documented::kunit examples::{}\n", at(line));
    let lines: Vec<String> = ended
        .stdout
        .lines()
        .map(|line| format!("{line}\n"))
        .collect();
    for (line, word) in [(4, "PASS"), (13, "FAIL"), (17, "FAIL"), (23, "SKIP")] {
        let said = |l: &&String| l.contains(&name(line)) && l.contains(word);
        assert!(lines.iter().any(|l| said(&l)), "{word} {line}\n{ended}");
    }
    // That one is rustdoc's.
    assert!(!ended.stdout.contains(&name(27)), "{ended}");
    let ended = ended
        // The driver's own suites are beside them.
        .saying("documented::kunit documented::text_grows_in_kernel_memory")
        .saying(&format!(
            "{}: expected `documented::double(2) == 5`, got 4 and 5",
            at(14)
        ))
        .saying(&format!("it panicked at {}:", at(20)))
        .saying("it compiles; it is marked `no_run`")
        .saying("documented::kunit panics::not_at_all\n             it did not panic")
        .saying("3 failed");
    let passed = |l: &&String| l.contains("PASS") && l.contains("panics::as_it_should");
    assert!(lines.iter().any(|l| passed(&l)), "{ended}");
}
