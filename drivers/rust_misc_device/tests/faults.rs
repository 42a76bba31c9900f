// SPDX-License-Identifier: GPL-2.0-only

//! What `/dev/rust-misc-device` does when there is no memory.
#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::io::{Read, Write};

use koxide_guest::{faults, ioctl};

const SET: u32 = ioctl::iow::<i32>(b'|', 0x82);
const GET: u32 = ioctl::ior::<i32>(b'|', 0x81);

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    let driver = faults::load("rust_misc_device", "");
    let found = driver.each(|| {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/rust-misc-device")?;
        ioctl::with_i32(&file, SET, 7)?;
        assert_eq!(ioctl::with_i32(&file, GET, 0)?, 7);
        for size in [1, 10_000, 100_000] {
            file.write_all(&vec![b'x'; size])?;
            file.read_exact(&mut vec![0; size])?;
        }
        Ok(())
    });
    // The file, and each content.
    assert!(found >= 4, "{found}");
    driver.unload();
}
