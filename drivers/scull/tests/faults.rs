// SPDX-License-Identifier: GPL-2.0-only

//! What the devices do when there is no memory.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    let driver = faults::load("scull", "");
    for device in ["/dev/scull0", "/dev/sculluid", "/dev/scullwuid"] {
        let found = driver.each(|| {
            // Whatever a failure left of the content is cut here.
            let mut file = File::create(device)?;
            for byte in 1..=3 {
                file.write_all(&[byte; 4000])?;
            }
            drop(file);
            let content = fs::read(device)?;
            assert_eq!((content.len(), content[0], content[11_999]), (12_000, 1, 3));
            Ok(())
        });
        // A set and its table, three quanta.
        assert_eq!(found, 5);
    }
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_was_written_before_counts() {
    let driver = faults::load_only("scull", "quantum=1000 qset=4");
    driver.each_or(
        || {
            let mut file = File::create("/dev/scull1")?;
            let written = file.write(&[7; 10_000])?;
            drop(file);
            assert_eq!(written % 1000, 0);
            assert_eq!(fs::read("/dev/scull1")?, vec![7; written]);
            Ok(())
        },
        |failed, errno| errno.is_none() && failed.contains("kvmalloc"),
    );
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_pipe_allocates_nothing() {
    let driver = faults::load_only("scull", "");
    let found = driver.each(|| {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/scullpipe0")?;
        file.write_all(b"through the pipe")?;
        file.read_exact(&mut [0; 16])
    });
    assert_eq!(found, 0);
    driver.unload();
}
