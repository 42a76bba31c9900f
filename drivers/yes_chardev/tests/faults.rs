// SPDX-License-Identifier: GPL-2.0-only

//! What `/dev/yes` does when there is no memory.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io::Read;

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    let driver = faults::load("yes_chardev", "");
    // A file needs no memory but the kernel's own.
    let found = driver.each(|| File::open("/dev/yes")?.read_exact(&mut [0; 10_000]));
    assert_eq!(found, 0);
    driver.unload();
}
