// SPDX-License-Identifier: GPL-2.0-only

//! What the module logs of its locks, of its waits and of the data, in the order in which it happened.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use koxide_guest::{Errno, KernelLog, Module};

const NAME: &str = "sync_example";

/// Loads the module and unloads it when it has finished: the lines that it logged.
fn logged(params: &str, end: &str) -> Vec<String> {
    let mut log = KernelLog::since_now();
    let module = Module::load(NAME, params).unwrap();
    log.wait_for(end);
    module.unload().unwrap();
    log.wait_for("sync_example: closed");
    let ours = log
        .lines()
        .iter()
        .filter_map(|line| line.split_once("sync_example: "));
    ours.map(|(_, line)| line.to_owned()).collect()
}

/// The lines of a lock, of which each that locks is followed by what is done and by one that unlocks.
fn of_lock<'a>(lines: &'a [String], lock: &str) -> Vec<&'a str> {
    let start = format!("{lock}: ");
    let ours: Vec<_> = lines
        .iter()
        .filter_map(|line| line.strip_prefix(&start))
        .collect();
    let mut locked = false;
    for line in &ours {
        match *line {
            "locked" => assert!(!std::mem::replace(&mut locked, true), "{ours:#?}"),
            "unlocked" => assert!(std::mem::replace(&mut locked, false), "{ours:#?}"),
            _ => assert!(locked, "{line} is said without the lock: {ours:#?}"),
        }
    }
    assert!(!locked, "{ours:#?}");
    ours
}

/// The data of a lock: its lines without those that lock and unlock.
fn data<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let lines = lines.iter().filter(|line| !line.ends_with("locked"));
    lines.copied().collect()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_logs_as_it_goes() {
    let lines = logged("parcels=3 period_ms=30", "finished: total 6");
    let strikes = of_lock(&lines, "irq spinlock");
    assert_eq!(strikes[..3], ["locked", "strike 1", "unlocked"]);
    assert_eq!(data(&strikes), ["strike 1", "strike 2", "strike 3"]);
    let totals = of_lock(&lines, "spinlock");
    assert_eq!(totals[..3], ["locked", "total 1", "unlocked"]);
    assert_eq!(data(&totals), ["total 1", "total 3", "total 6"]);
    let through = |line: &&String| **line == "completion: the sender got through";
    assert_eq!(lines.iter().filter(through).count(), 3);
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("completion: opened, "))
    );
}

/// Waiting unlocks the mutex: between the lines of a wait there are those of who sends.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_condition_variable_unlocks_the_mutex() {
    let lines = logged("parcels=2 period_ms=100", "finished: total 3");
    let at = |text: &str, from: usize| {
        let found = lines[from..].iter().position(|line| line.contains(text));
        from + found.unwrap_or_else(|| panic!("no {text} after line {from} of {lines:#?}"))
    };
    let waits = at("condvar: the receiver waits", 0);
    assert_eq!(
        lines[..waits]
            .iter()
            .rfind(|line| line.starts_with("mutex: "))
            .unwrap(),
        "mutex: locked"
    );
    let locked = at("mutex: locked", waits);
    let sent = at("mutex: parcel 1 was sent", locked);
    let unlocked = at("mutex: unlocked", sent);
    let woken = at("condvar: the receiver was woken", waits);
    assert!(unlocked < woken, "{lines:#?}");
    at("mutex: a parcel was received, 0 are left", woken);
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn no_parcel_is_lost() {
    let lines = logged("parcels=100 period_ms=1", "finished: total 5050");
    assert_eq!(data(&of_lock(&lines, "irq spinlock")).len(), 100);
    assert_eq!(
        data(&of_lock(&lines, "spinlock")).last(),
        Some(&"total 5050")
    );
    logged("parcels=0", "finished: total 0");
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn unloading_ends_what_is_under_way() {
    let start = Instant::now();
    // The next strike is days away.
    let lines = logged(
        "parcels=4294967295 period_ms=4294967295",
        "condvar: the receiver waits",
    );
    assert!(
        lines.iter().any(|line| line == "finished: total 0"),
        "{lines:#?}"
    );
    // Here strikes come at any moment.
    logged("parcels=4294967295 period_ms=0", "spinlock: total 3");
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_loaded_once() {
    let module = Module::load(NAME, "").unwrap();
    assert_eq!(Module::load(NAME, "").unwrap_err(), Errno::EEXIST);
    module.unload().unwrap();
    assert_eq!(Module::load(NAME, "parcels=-1").unwrap_err(), Errno::EINVAL);
}
