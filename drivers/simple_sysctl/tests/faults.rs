// SPDX-License-Identifier: GPL-2.0-only

//! What the setting does when there is no memory.
#![forbid(unsafe_code)]

use std::fs;

use koxide_guest::faults;

const TEST: &str = "/proc/sys/rust/example/test";

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    let driver = faults::load("simple_sysctl", "");
    let found = driver.each(|| {
        fs::write(TEST, "7\n")?;
        fs::read_to_string(TEST)
    });
    // The kernel reads and writes the number by itself.
    assert_eq!(found, 0);
    driver.unload();
}
