// SPDX-License-Identifier: GPL-2.0-only

//! Uses the device as programs do, in a virtual machine: `cargo koxide test`.

use std::fs::OpenOptions;
use std::io::{Read, Write};

use koxide_guest::{KernelLog, Module};

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_fresh_file_says_that_nothing_was_written() {
    let _module = Module::load("driver_name", "").unwrap();
    let text = std::fs::read_to_string("/dev/driver_name").unwrap();
    assert_eq!(text, "NOTHING WAS WRITTEN YET\n");
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_written_comes_back_in_capitals() {
    let _module = Module::load("driver_name", "").unwrap();
    let mut file = OpenOptions::new().read(true).write(true).open("/dev/driver_name").unwrap();
    file.write_all(b"hello\n").unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "HELLO\n");
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn the_log_tells_what_happens() {
    let mut log = KernelLog::since_now();
    let module = Module::load("driver_name", "").unwrap();
    log.wait_for("driver_name: ready");
    drop(OpenOptions::new().read(true).open("/dev/driver_name").unwrap());
    log.wait_for("driver_name: closed, with 24 bytes");
    module.unload().unwrap();
}
