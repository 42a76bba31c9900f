// SPDX-License-Identifier: MIT OR Apache-2.0

//! `test --faults`: a driver that panics is contained wherever its tests get to, and one that loses something when it does is
//! found.

mod support;

use support::{Ended, FAILED, KERNEL, Package, run};

/// An index, which has a check in front of it that no test has fail.
const INDEX: &str = r#"        capitalise(&mut written);
        let lock = KBox::pin_init(new_mutex!(7_u64), GFP_KERNEL)?;
        let kept = KEPT(VALUE);
        let first = written[*iov_first()];
        drop(TAKEN(kept));
        pr_debug!("{first}\n");
"#;

/// What the compiler does not know beforehand.
const FIRST: &str = r#"/// Turns small ASCII letters to capitals"#;

/// A lock in a box.
const BOX: &str = "lock";

/// Memory, a lock that is held, and interrupts that are kept away.
const HELD: &str =
    "(KBox::new(7_u64, GFP_KERNEL)?, lock.lock(), kernel::interrupt::local_interrupt_disable())";

/// A driver in which something is dropped by a panic, or is not.
fn package(name: &str, value: &str, kept: &str, taken: &str) -> Package {
    let package = Package::new(name, "koxide-");
    let index = INDEX.replace("VALUE", value);
    let index = index.replace("KEPT", kept).replace("TAKEN", taken);
    package.edit("src/lib.rs", "        capitalise(&mut written);\n", &index);
    let first = format!(
        "fn iov_first() -> &'static usize {{\n    core::hint::black_box(&0)\n}}\n\n{FIRST}"
    );
    package.edit("src/lib.rs", FIRST, &first);
    package
}

/// The last row of the table.
fn row(ended: &Ended) -> Vec<&str> {
    let row = ended.stdout.lines().find(|line| line.starts_with("all "));
    row.map_or_else(Vec::new, |row| row.split_whitespace().collect())
}

#[test]
fn a_panic_is_contained_wherever_tests_get_to() {
    let package = package(
        "careful",
        BOX,
        "core::convert::identity",
        "core::convert::identity",
    );
    let words = ["test", "--kernel", KERNEL, "--faults", "4"];
    let ended = run(package.koxide().args(words))
        .with(0)
        .saying("src/lib.rs:")
        .saying("careful")
        .saying(" passed, 0 failed");
    let row = row(&ended);
    // What panicked was contained.
    assert_eq!(row.get(4), row.get(6), "{ended}");
    assert_eq!(row.get(4), Some(&"4"), "{ended}");
    // Those who wrote were told.
    assert_eq!(row.get(7), Some(&"4"), "{ended}");
}

#[test]
fn what_a_panic_loses_or_leaves_locked_is_found() {
    let package = package(
        "careless",
        HELD,
        "core::mem::ManuallyDrop::new",
        "core::mem::ManuallyDrop::into_inner",
    );
    let words = ["test", "--kernel", KERNEL, "--faults", "2"];
    let ended = run(package.koxide().args(words))
        .with(FAILED)
        .saying("careless: left with a preempt_count of 0x0, 0 critical sections, interrupts off")
        .saying("careless: not given back: what mutex_lock gave kx_mutex_lock")
        .saying("careless: not given back: what kmalloc gave")
        .saying("--- this run alone ---");
    let command = ended.stdout.lines().rev();
    let command = command
        .filter_map(|line| line.split_once("cargo koxide "))
        .map(|(_, words)| words.trim_end_matches('\'').split_once(" '"));
    let (words, name) = command.flatten().next().unwrap();
    let alone = run(package.koxide().args(words.split(' ')).arg(name)).with(FAILED);
    let row = row(&alone);
    assert_eq!(
        (row.get(4), row.get(6)),
        (Some(&"1"), Some(&"0")),
        "{alone}"
    );
}
