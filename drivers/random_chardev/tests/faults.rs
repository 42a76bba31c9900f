// SPDX-License-Identifier: GPL-2.0-only

//! What `/dev/krandom` does when there is no memory.
#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::io::{Read, Write};

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    let driver = faults::load("random_chardev", "");
    let found = driver.each(|| {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/krandom")?;
        file.write_all(&[7; 5000])?;
        file.read_exact(&mut [0; 5000])
    });
    // A file needs no memory but the kernel's own.
    assert_eq!(found, 0);
    driver.unload();
}
