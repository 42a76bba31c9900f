// SPDX-License-Identifier: GPL-2.0-only

//! A module goes only when nothing of it is still to be called.
#![forbid(unsafe_code)]

use std::fs;

use koxide_guest::{Errno, KernelLog, Module};

/// Whether a thread of this name runs.
fn runs(name: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("comm")).ok())
        .any(|comm| comm.trim_end() == name)
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_forgotten_thread_is_stopped_and_waited_for() {
    let module = Module::load("koxide_selftest", "pending=1").unwrap();
    assert!(runs("kx-forgotten"));
    let mut log = KernelLog::since_now();
    module.unload().unwrap();
    assert!(log.contains("the forgotten thread has ended"));
    assert!(!runs("kx-forgotten"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_failed_init_stops_its_threads() {
    let mut log = KernelLog::since_now();
    assert_eq!(
        Module::load("koxide_selftest", "pending=2").unwrap_err(),
        Errno::EBUSY
    );
    assert!(log.contains("the forgotten thread has ended"));
    assert!(!runs("kx-forgotten"));
}
