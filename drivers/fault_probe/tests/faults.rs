// SPDX-License-Identifier: GPL-2.0-only

//! A panic in each callback, with each thing held: what comes of it, and that nothing is lost.
#![forbid(unsafe_code)]

use std::fs::{self, OpenOptions};

use koxide_guest::{Errno, KernelLog, faults};

const DEVICE: &str = "/dev/fault-probe";

/// Kinds of panics, and what the log says of them: the message without its values, which is nothing for some.
const KINDS: [(&str, &str); 9] = [
    ("index", "index out of bounds"),
    ("overflow", "attempt to add with overflow"),
    ("divide", "attempt to divide by zero"),
    ("none", "called `Option::unwrap()` on a `None` value"),
    ("expect", "fault.rs"),
    ("slice", "range start index {} out of range for slice"),
    ("panic", "as it was planned"),
    ("assert", "assertion"),
    ("drop", "it broke when it was dropped"),
];

/// The errno with which a write of a plan fails.
fn write(plan: &str) -> Option<Errno> {
    let mut options = OpenOptions::new();
    let file = options.write(true).open(DEVICE).unwrap();
    let written = std::io::Write::write(&mut &file, plan.as_bytes());
    written.err().map(|error| Errno::of(&error).unwrap())
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn every_kind_of_panic_is_an_error() {
    for (kind, message) in KINDS {
        let driver = faults::load_only("fault_probe", "");
        let mut log = KernelLog::since_now();
        assert_eq!(
            write(&format!("where=write hold=box,mutex kind={kind}")),
            Some(Errno::EIO)
        );
        log.wait_for(message);
        driver.unload();
        log.wait_for("all locks are free");
    }
    let driver = faults::load_only("fault_probe", "");
    assert_eq!(write("where=write hold=box,mutex kind=nothing"), None);
    assert_eq!(fs::read_to_string(DEVICE).unwrap(), "nothing happened\n");
    driver.unload();
}
