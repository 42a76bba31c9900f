// SPDX-License-Identifier: GPL-2.0-only

//! A module goes only when nothing of it is still to be called.
#![forbid(unsafe_code)]

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::{Errno, KernelLog, Module, kmemleak};

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
    kmemleak::loss_is_meant();
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
    kmemleak::loss_is_meant();
    let mut log = KernelLog::since_now();
    assert_eq!(
        Module::load("koxide_selftest", "pending=2").unwrap_err(),
        Errno::EBUSY
    );
    assert!(log.contains("the forgotten thread has ended"));
    assert!(!runs("kx-forgotten"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_work_that_waits_for_its_time_is_dropped_at_once() {
    let module = Module::load("koxide_selftest", "pending=3").unwrap();
    let mut log = KernelLog::since_now();
    let start = Instant::now();
    module.unload().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(log.contains("the work was dropped"));
    assert!(!log.contains("the work has run"));
    // It does not come when its time has come, either.
    thread::sleep(Duration::from_secs(11).saturating_sub(start.elapsed()));
    assert!(!log.contains("the work has run"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_work_that_repeats_itself_ends() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "pending=4").unwrap();
    thread::sleep(Duration::from_millis(200));
    module.unload().unwrap();
    let lines = log.lines().to_vec();
    let runs = lines
        .iter()
        .filter(|line| line.contains("the work has run"));
    assert!(runs.count() > 2, "{lines:?}");
    assert!(
        lines.last().unwrap().contains("the work was dropped"),
        "{lines:?}"
    );
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_work_under_way_is_waited_for() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "pending=5").unwrap();
    module.unload().unwrap();
    assert!(log.contains("the long work has ended"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn forgotten_timers_are_stopped() {
    kmemleak::loss_is_meant();
    // Each time at another moment of the timers' periods.
    for round in 0..5 {
        let mut log = KernelLog::since_now();
        let module = Module::load("koxide_selftest", "pending=6").unwrap();
        log.wait_for("the timer 1 has come");
        log.wait_for("the timer 2 has come");
        thread::sleep(Duration::from_micros(170 * round));
        module.unload().unwrap();
    }
    // Had one been left, the kernel would not get far.
    thread::sleep(Duration::from_millis(200));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn timers_that_wait_for_their_time_never_come() {
    kmemleak::loss_is_meant();
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "pending=7").unwrap();
    let start = Instant::now();
    module.unload().unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    thread::sleep(Duration::from_secs(11).saturating_sub(start.elapsed()));
    assert!(!log.contains("has come"));
}

/// Whatever is under way when the module goes: had something of it been called afterwards, the kernel would have died.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_module_goes_at_any_moment() {
    kmemleak::loss_is_meant();
    for round in 0..4 {
        for what in [4, 6, 8] {
            let module = Module::load("koxide_selftest", &format!("pending={what}")).unwrap();
            thread::sleep(Duration::from_micros(230 * round));
            module.unload().unwrap();
        }
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_delayed_work_that_is_in_its_queue_runs() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "pending=9").unwrap();
    module.unload().unwrap();
    assert!(log.contains("the work has run"));
    assert!(log.contains("the work was dropped"));
}

/// How many tasks the kernel has memory for.
fn tasks() -> u32 {
    let slabs = fs::read_to_string("/proc/slabinfo").unwrap();
    let tasks = slabs.lines().find(|line| line.starts_with("task_struct "));
    let mut columns = tasks.unwrap().split_whitespace();
    columns.nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn threads_that_were_given_up_leave_nothing() {
    let symbols = fs::read_to_string("/proc/kallsyms").unwrap();
    if symbols.contains(" kasan_quarantine_put") {
        println!("NOTE: tasks are not counted, since this kernel keeps freed memory for a while");
        return;
    }
    let before = tasks();
    let module = Module::load("koxide_selftest", "pending=10").unwrap();
    // The kernel counts those that it keeps for each CPU, too.
    let after = tasks();
    assert!(after < before + 200, "{before} became {after}");
    module.unload().unwrap();
}
