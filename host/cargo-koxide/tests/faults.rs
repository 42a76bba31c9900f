// SPDX-License-Identifier: MIT OR Apache-2.0

//! Fault plans find what a driver does wrong when there is no memory.

mod support;

use support::{FAILED, KERNEL, Package, run};

/// Each test has a defect of its own.
const TESTS: &str = r#"
//! What goes wrong.

use std::fs::{File, OpenOptions};
use std::io::Write;

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM"]
fn a_failure_of_its_init_that_nobody_hears_of() {
    faults::load("forgetful", "");
}

#[test]
#[ignore = "needs a VM"]
fn a_failure_of_an_action_that_nobody_hears_of() {
    let driver = faults::load_only("forgetful", "");
    driver.each(|| OpenOptions::new().write(true).open("/dev/forgetful")?.write_all(b"quiet"));
}

#[test]
#[ignore = "needs a VM"]
fn memory_that_is_lost_when_something_fails() {
    let driver = faults::load_only("forgetful", "");
    driver.each(|| OpenOptions::new().write(true).open("/dev/forgetful")?.write_all(b"lose"));
}

#[test]
#[ignore = "needs a VM"]
fn memory_that_is_lost_at_all_times() {
    let driver = faults::load_only("forgetful", "");
    File::options().write(true).open("/dev/forgetful").unwrap().write_all(b"always").unwrap();
    driver.unload();
}

#[test]
#[ignore = "needs a VM"]
fn another_error() {
    let driver = faults::load_only("forgetful", "");
    driver.each(|| OpenOptions::new().write(true).open("/dev/forgetful")?.write_all(b"other"));
}

#[test]
#[ignore = "needs a VM"]
fn nothing_is_wrong() {
    let driver = faults::load_only("forgetful", "");
    driver.each(|| OpenOptions::new().write(true).open("/dev/forgetful")?.write_all(b"fine"));
    driver.unload();
}
"#;

/// What the driver does wrong, as it is told.
const DEFECTS: &str = r#"        let more = || KBox::new(7_u64, GFP_KERNEL);
        match &written[..] {
            b"quiet" => drop(more()),
            b"lose" => {
                let lost = more()?;
                if more().is_err() {
                    core::mem::forget(lost);
                    return Err(ENOMEM);
                }
            }
            b"always" => core::mem::forget(more()?),
            b"other" => drop(more().map_err(|_| EBUSY)?),
            _ => drop(more()?),
        }
        capitalise(&mut written);
"#;

#[test]
fn each_defect_is_found_and_named() {
    let package = Package::new("forgetful", "koxide-");
    package.edit("src/lib.rs", "        capitalise(&mut written);\n", DEFECTS);
    package.edit(
        "src/lib.rs",
        "        pr_info!(\"ready\\n\");\n",
        "        drop(KBox::new(7_u64, GFP_KERNEL));\n",
    );
    package.write("tests/faults.rs", TESTS);
    let ended = run(package
        .koxide()
        .args(["test", "--vm-only", "--kernel", KERNEL, "faults"]))
    .with(FAILED)
    .saying("forgetful is loaded although ")
    .saying(" fails, this comes of it: None\n")
    .saying(" failed, it has 2 things and not 1; unloading it says which\n")
    .saying(" fails, this comes of it: Some(EBUSY (16))\n")
    .saying("WARNING: forgetful: not given back: what ")
    .saying("1 passed, 5 failed");
    assert!(ended.stdout.contains("PASS"), "{ended}");
}
