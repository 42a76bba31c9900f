// SPDX-License-Identifier: GPL-2.0-only

//! A module that is set up again after a panic: what is opened then works, and what was opened before never does again.
#![forbid(unsafe_code)]

mod support;

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use koxide_guest::{Errno, KernelLog, Module, Ready, errno, panics};

use support::{DEVICE, MISC, OTHER, folder, instance_of, load, open, order, order_to, restarts};

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_opened_after_a_panic_works_and_what_was_opened_before_never_does() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    let paths = [DEVICE, OTHER, MISC];
    let mut old = paths.map(|path| open(path).unwrap());
    assert_eq!(old.each_mut().map(instance_of), [Ok(1); 3]);
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("contained, returned EIO, device poisoned");
    log.wait_for("restart_probe: restarted after a panic (1 of at most 5 a minute)");
    let mut new = paths.map(|path| open(path).unwrap());
    assert_eq!(new.each_mut().map(instance_of), [Ok(2); 3]);
    assert_eq!(fs::read_to_string("/proc/restart_probe").unwrap(), "2");
    for _ in 0..4 {
        assert_eq!(old.each_mut().map(instance_of), [Err(Errno::ENODEV); 3]);
        assert_eq!(order_to(&mut old[0], "wait").err(), Some(Errno::ENODEV));
        let ready = Ready::of(&old[0], Duration::ZERO);
        assert!(ready.error && !ready.read, "{ready:?}");
        thread::sleep(Duration::from_secs(1));
    }
    // What they own is given back when they are closed, and they alone had it.
    assert!(!log.contains("instance 1 is gone"));
    drop(old);
    log.wait_for("a file of instance 1 is closed");
    log.wait_for("instance 1 is gone");
    assert_eq!(new.each_mut().map(instance_of), [Ok(2); 3]);
    let ready = Ready::of(&new[0], Duration::ZERO);
    assert!(ready.read && !ready.error, "{ready:?}");
    // Once more: those of the second instance are old now.
    assert_eq!(order_to(&mut new[1], "panic").err(), Some(Errno::EIO));
    log.wait_for("(2 of at most 5 a minute)");
    assert_eq!(new.each_mut().map(instance_of), [Err(Errno::ENODEV); 3]);
    assert_eq!(instance_of(&mut open(DEVICE).unwrap()), Ok(3));
    assert_eq!(restarts(), (2, 2));
    drop(new);
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_panic_of_a_work_a_timer_or_a_thread_brings_a_new_instance_too() {
    if !panics::are_contained() {
        return;
    }
    for kind in ["work", "timer", "hrtimer", "thread"] {
        let driver = load("");
        let mut log = KernelLog::since_now();
        order(kind).unwrap();
        log.wait_for("module poisoned");
        log.wait_for("restarted after a panic");
        assert_eq!(instance_of(&mut open(DEVICE).unwrap()), Ok(2), "{kind}");
        driver.unload();
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_was_pending_is_called_off() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    order("later").unwrap();
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("restarted after a panic");
    // The work had it.
    log.wait_for("instance 1 is gone");
    // The new one may have some, too.
    order("later").unwrap();
    order("work").unwrap();
    log.wait_for("(2 of at most 5 a minute)");
    log.wait_for("instance 2 is gone");
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_call_under_way_goes_on_with_what_it_has() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    let [waits, panics] = ["wait", "wait-panic"].map(|text| {
        let mut log = KernelLog::since_now();
        let call = thread::spawn(move || order(text));
        log.wait_for("instance 1 waits");
        call
    });
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("restarted after a panic");
    let mut new = open(DEVICE).unwrap();
    order("go").unwrap();
    assert_eq!(errno(waits.join().unwrap()), None);
    log.wait_for("instance 1 took a while");
    assert_eq!(errno(panics.join().unwrap()), Some(Errno::EIO));
    // That was of an old file: the new instance is none the worse.
    log.wait_for("contained, returned EIO, nothing poisoned");
    assert_eq!(instance_of(&mut new), Ok(2));
    thread::sleep(Duration::from_millis(200));
    assert_eq!(instance_of(&mut new), Ok(2));
    drop(new);
    assert_eq!(restarts(), (2, 1));
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn one_that_panics_too_often_stays_as_it_is() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    for number in 1..=5 {
        assert_eq!(errno(order("panic")), Some(Errno::EIO), "{number}");
        log.wait_for(&format!("restarted after a panic ({number} of at most 5"));
    }
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("not restarted after a panic: 5 times in a minute are enough");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(errno(open(DEVICE)), Some(Errno::ENODEV));
    assert_eq!(restarts(), (6, 5));
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn an_init_that_fails_or_panics_leaves_nothing() {
    if !panics::are_contained() {
        return;
    }
    // ENXIO and EIO.
    for (next, number) in [("init-fails", 6), ("init-panics", 5)] {
        let driver = load("");
        let mut log = KernelLog::since_now();
        let mut old = open(DEVICE).unwrap();
        order(next).unwrap();
        assert_eq!(errno(order("panic")), Some(Errno::EIO));
        log.wait_for(&format!(
            "not restarted after a panic: its init failed (-{})",
            number
        ));
        // Nothing is registered any more, and what is open is refused.
        assert_eq!(errno(open(DEVICE)), Some(Errno::ENOENT));
        assert!(!fs::exists("/proc/restart_probe").unwrap());
        assert_eq!(instance_of(&mut old), Err(Errno::ENODEV));
        drop(old);
        log.wait_for("instance 1 is gone");
        log.wait_for("instance 2 is gone");
        driver.unload();
        assert!(!Module::is_loaded("restart_probe"));
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_panic_while_the_value_is_dropped_changes_nothing() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    order("drop-panics").unwrap();
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("panic in exit at");
    log.wait_for("restarted after a panic");
    thread::sleep(Duration::from_millis(200));
    assert_eq!(instance_of(&mut open(DEVICE).unwrap()), Ok(2));
    assert_eq!(restarts(), (2, 1));
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_panic_while_init_runs_is_seen_to_afterwards() {
    if !panics::are_contained() {
        return;
    }
    // That of the first init, and of one that sets it up again.
    let mut log = KernelLog::since_now();
    let driver = load("init=3");
    log.wait_for("restarted after a panic (1 of");
    assert_eq!(instance_of(&mut open(DEVICE).unwrap()), Ok(2));
    order("init-work-panics").unwrap();
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("restarted after a panic (3 of");
    assert_eq!(instance_of(&mut open(DEVICE).unwrap()), Ok(4));
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_waits_until_folders_of_user_space_are_gone() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    fs::create_dir(folder("a")).unwrap();
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("not restarted after a panic: there are folders in its own in configfs");
    assert_eq!(errno(open(OTHER)), Some(Errno::ENODEV));
    assert_eq!(errno(fs::create_dir(folder("b"))), Some(Errno::ENODEV));
    fs::remove_dir(folder("a")).unwrap();
    log.wait_for("restarted after a panic (1 of at most");
    fs::create_dir(folder("c")).unwrap();
    fs::remove_dir(folder("c")).unwrap();
    assert_eq!(instance_of(&mut open(DEVICE).unwrap()), Ok(2));
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_an_open_file_keeps_registered_keeps_it_from_being_set_up() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    let mut old = open(DEVICE).unwrap();
    order_to(&mut old, "own").unwrap();
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("not restarted after a panic: something is registered still");
    assert_eq!(errno(open(DEVICE)), Some(Errno::ENOENT));
    assert_eq!(instance_of(&mut old), Err(Errno::ENODEV));
    drop(old);
    driver.unload();
}

/// Unloading waits for a restart that is under way, and none begins any more.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn unloading_may_come_at_any_moment() {
    if !panics::are_contained() {
        return;
    }
    for round in 0..40 {
        let driver = load("");
        let kind = ["panic", "work"][round % 2];
        // A work panics later.
        let _ = order(kind);
        thread::sleep(Duration::from_micros(700 * (round as u64 / 2)));
        driver.unload();
        assert!(!Module::is_loaded("restart_probe"), "round {round}");
    }
}

/// Whoever opens the device all the time gets either an error or a file that works, until the next panic.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_file_that_could_be_opened_is_of_one_instance() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let users: Vec<_> = (0..3)
            .map(|at| {
                scope.spawn(move || {
                    let path = [DEVICE, OTHER, MISC][at];
                    let mut opened = 0;
                    while !over.load(Relaxed) {
                        let Ok(mut file) = open(path) else {
                            thread::sleep(Duration::from_micros(200));
                            continue;
                        };
                        let first = instance_of(&mut file);
                        let second = instance_of(&mut file);
                        // Old ones do not come to life again.
                        assert!(first.is_ok() || second.is_err(), "{first:?}, {second:?}");
                        assert!(second.is_err() || first == second, "{first:?}, {second:?}");
                        opened += usize::from(first.is_ok());
                    }
                    opened
                })
            })
            .collect();
        for number in 1..=4 {
            thread::sleep(Duration::from_millis(30));
            // It may be refused by chance, when others have just been.
            let _ = order("panic");
            log.wait_for(&format!("restarted after a panic ({number} of at most 5"));
        }
        over.store(true, Relaxed);
        for user in users {
            assert!(user.join().unwrap() > 0);
        }
    });
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_a_file_may_fail_after_a_panic() {
    if !panics::are_contained() {
        return;
    }
    let driver = load("");
    let mut log = KernelLog::since_now();
    let before = driver.each(|| open(DEVICE));
    assert_eq!(errno(order("panic")), Some(Errno::EIO));
    log.wait_for("restarted after a panic");
    // It is remembered.
    assert_eq!(driver.each(|| open(DEVICE)), before + 1);
    driver.unload();
}
