// SPDX-License-Identifier: GPL-2.0-only

//! Each allocation of the driver fails once, in a virtual machine: `cargo koxide test`.

use std::fs::OpenOptions;
use std::io::{Read, Write};

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    // Those of its init, one after the other: each time loading fails with ENOMEM, and nothing is left behind.
    let driver = faults::load("driver_name", "");
    // Those of all that follows, one after the other: each time this fails with ENOMEM, and afterwards it succeeds.
    driver.each(|| {
        let mut file = OpenOptions::new().read(true).write(true).open("/dev/driver_name")?;
        file.write_all(b"hello\n")?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        assert_eq!(text, "HELLO\n");
        Ok(())
    });
    driver.unload();
}
