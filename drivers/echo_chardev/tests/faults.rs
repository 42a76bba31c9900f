// SPDX-License-Identifier: GPL-2.0-only

//! What `/dev/echo` does when there is no memory.
#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::io::{Read, Write};

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    let driver = faults::load("echo_chardev", "");
    let found = driver.each(|| {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/echo")?;
        for message in ["one", "two", "three"] {
            file.write_all(message.as_bytes())?;
        }
        let mut text = [0; 5];
        let length = file.read(&mut text)?;
        assert_eq!(&text[..length], b"one");
        Ok(())
    });
    // The file, each message, and room for messages.
    assert!(found >= 5, "{found}");
    driver.unload();
}
