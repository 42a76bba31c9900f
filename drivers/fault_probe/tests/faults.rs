// SPDX-License-Identifier: GPL-2.0-only

//! A panic in each callback, with each thing held: what comes of it, and that nothing is lost.
//!
//! The module is loaded for each: one in which something panicked refuses to go on. Its shims know what was not given back.
#![forbid(unsafe_code)]

mod support;

use koxide_guest::{Errno, KernelLog, Module, faults, panics};

use support::{ATOMIC, NAME, PLACES, Place, SLEEPING, place};

/// Kinds of panics, and what the log says of them: the message without its values, which is nothing for some.
const KINDS: [(&str, &str); 16] = [
    ("index", "index out of bounds"),
    ("overflow", "attempt to add with overflow"),
    ("divide", "attempt to divide by zero"),
    ("none", "called `Option::unwrap()` on a `None` value"),
    ("expect", "fault.rs"),
    ("slice", "range start index {} out of range for slice"),
    ("panic", "as it was planned"),
    ("assert", "assertion"),
    ("drop", "it broke when it was dropped"),
    ("drop_box", "it broke when it was dropped"),
    ("drop_arc", "it broke when it was dropped"),
    ("drop_row", "it broke when it was dropped"),
    ("drop_rest", "it broke when it was dropped"),
    ("half", "attempt to divide by zero"),
    ("half_row", "attempt to divide by zero"),
    ("display", "there are no words for it"),
];

/// Lets one panic happen, in a module of its own; says what the log has of it.
fn happen(place: &Place, hold: &str, kind: &str) -> Vec<String> {
    let plan = format!("where={} hold={hold} kind={kind}", place.name);
    let mut log = KernelLog::since_now();
    let driver = (place.name != "init").then(|| faults::load_only(NAME, ""));
    let result = (place.call)(&plan);
    let errno = result.err().map(|error| Errno::of(&error).unwrap());
    assert_eq!(errno, place.errno, "{plan}");
    if let Some(driver) = driver {
        driver.unload();
    }
    assert!(!Module::is_loaded(NAME), "{plan}");
    let lines = log.lines().to_vec();
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("left as it was entered"), 1, "{plan}: {lines:#?}");
    assert_eq!(count("all locks are free"), 4, "{plan}: {lines:#?}");
    // Who waits for a thread that panicked panics, too.
    let panics = if place.name == "thread_joined" { 2 } else { 1 };
    assert_eq!(count("; contained"), panics, "{plan}: {lines:#?}");
    lines
}

/// Whether a line has a message. Objects that are built with `--debug` have values in place of its `{}`.
fn says(line: &str, message: &str) -> bool {
    let mut rest = line;
    message.split("{}").all(|part| {
        let found = rest.split_once(part);
        rest = found.map_or("", |(_, after)| after);
        found.is_some()
    })
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn every_kind_of_panic_is_an_error() {
    if !panics::are_contained() {
        return;
    }
    for (kind, message) in KINDS {
        let log = happen(place("write"), "box,mutex", kind);
        assert!(
            log.iter()
                .any(|line| line.contains("src/fault.rs") && says(line, message))
        );
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_panic_in_every_callback_is_contained() {
    if !panics::are_contained() {
        return;
    }
    for (at, place) in PLACES.iter().enumerate() {
        let nested = place.nested();
        happen(place, nested[at % nested.len()], "index");
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_thing_that_is_held_is_given_back() {
    if !panics::are_contained() {
        return;
    }
    for (at, hold) in ATOMIC.iter().chain(&SLEEPING).enumerate() {
        let (kind, _) = KINDS[at % KINDS.len()];
        happen(place("write"), hold, kind);
        if at < ATOMIC.len() {
            happen(place(["timer", "hrtimer"][at % 2]), hold, kind);
        }
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn where_nothing_panics_all_is_as_usual() {
    let driver = faults::load_only(NAME, "");
    let mut log = KernelLog::since_now();
    let kept = driver.outstanding();
    let mut calls = 0;
    for place in PLACES
        .iter()
        .filter(|place| !matches!(place.name, "init" | "exit" | "data_drop"))
    {
        for hold in place.nested() {
            let plan = format!("where={} hold={hold} kind=nothing", place.name);
            (place.call)(&plan).unwrap_or_else(|error| panic!("{plan}: {error}"));
            calls += 1;
        }
    }
    assert_eq!(driver.outstanding(), kept);
    driver.unload();
    let left = |line: &&String| line.contains("left as it was entered");
    assert_eq!(log.lines().iter().filter(left).count(), calls);
    assert!(!log.contains("contained"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_panicked_does_not_come_again() {
    if !panics::are_contained() {
        return;
    }
    let repeated = [
        "work",
        "delayed_work",
        "timer",
        "hrtimer",
        "hrtimer_soft",
        "hrtimer_box",
    ];
    for name in repeated {
        let log = happen(place(name), "", "panic");
        assert!(
            log.iter().any(|line| line.ends_with("called 1 times")),
            "{name}: {log:#?}"
        );
    }
    let driver = faults::load_only(NAME, "");
    for name in repeated {
        let mut log = KernelLog::since_now();
        (place(name).call)(&format!("where={name} kind=nothing")).unwrap();
        log.wait_for("called 3 times");
    }
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_was_left_behind_is_waited_for() {
    if !panics::are_contained() {
        return;
    }
    for name in ["init", "exit", "work"] {
        let log = happen(place(name), "left,left_thread,mutex", "panic");
        let gone = |line: &&String| line.contains("what was left behind is gone");
        assert_eq!(log.iter().filter(gone).count(), 2, "{name}: {log:#?}");
    }
}
