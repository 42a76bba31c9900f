// SPDX-License-Identifier: GPL-2.0-only

//! The kernel knows a thread by the numbers that it has here.
#![forbid(unsafe_code)]

use std::fs;

use koxide_guest::{KernelLog, Module};

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_thread_has_its_name_and_numbers() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "who=1").unwrap();
    let line = log.wait_for("loaded by");
    module.unload().unwrap();
    let thread = fs::read_link("/proc/thread-self").unwrap();
    let thread = thread.file_name().unwrap().to_str().unwrap();
    let comm = fs::read_to_string("/proc/thread-self/comm").unwrap();
    let process = std::process::id();
    let expected = format!(
        "koxide_selftest: loaded by {}, thread {thread} of process {process}, user 0",
        comm.trim_end()
    );
    assert_eq!(line, expected);
}
