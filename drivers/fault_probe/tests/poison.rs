// SPDX-License-Identifier: GPL-2.0-only

//! Where something panicked, nobody comes any more until the module is loaded again.
#![forbid(unsafe_code)]

mod support;

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::thread;
use std::time::Duration;

use koxide_guest::{Errno, KernelLog, Ready, errno, faults, ioctl, panics};

use support::{DEVICE, NAME, open, place, plan};

const OTHER: &str = "/dev/fault-probe-other";
const NOTHING: &str = "where=write hold=mutex kind=nothing";

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_device_in_which_something_panicked_is_refused_and_others_are_not() {
    if !panics::are_contained() {
        return;
    }
    let driver = faults::load_only(NAME, "");
    let mut log = KernelLog::since_now();
    let mut before = open().unwrap();
    let refused = (place("ioctl").call)("where=ioctl hold=mutex,vec kind=index");
    assert_eq!(errno(refused), Some(Errno::EIO));
    log.wait_for("panic in unlocked_ioctl at drivers/fault_probe/src/fault.rs:");
    log.wait_for("contained, returned EIO, device poisoned");
    // Not for a file that is open, either.
    assert_eq!(errno(before.read(&mut [0; 10])), Some(Errno::ENODEV));
    assert_eq!(errno(before.write(NOTHING.as_bytes())), Some(Errno::ENODEV));
    assert_eq!(errno(before.seek(SeekFrom::Start(0))), Some(Errno::ENODEV));
    assert_eq!(ioctl::none(&before, 1), Err(Errno::ENODEV));
    assert!(Ready::of(&before, Duration::ZERO).error);
    assert_eq!(errno(open()), Some(Errno::ENODEV));
    drop(before);
    // Whatever is called for something else goes on.
    let mut other = OpenOptions::new()
        .read(true)
        .write(true)
        .open(OTHER)
        .unwrap();
    other.write_all(NOTHING.as_bytes()).unwrap();
    other.write_all(b"where=work kind=nothing").unwrap();
    log.wait_for("called 3 times");
    assert_eq!(fs::read("/proc/fault_probe").unwrap(), b"text\n");
    drop(other);
    driver.unload();
    let driver = faults::load_only(NAME, "");
    drop(plan(NOTHING).unwrap());
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_module_in_which_something_panicked_is_refused() {
    if !panics::are_contained() {
        return;
    }
    let driver = faults::load_only(NAME, "");
    let mut log = KernelLog::since_now();
    let mut before = open().unwrap();
    (place("work").call)("where=work kind=panic").unwrap();
    log.wait_for("contained, nothing returned, module poisoned");
    assert_eq!(errno(before.read(&mut [0; 10])), Some(Errno::ENODEV));
    for path in [DEVICE, OTHER, "/proc/fault_probe"] {
        assert_eq!(errno(fs::read(path)), Some(Errno::ENODEV), "{path}");
    }
    drop(before);
    driver.unload();
    let driver = faults::load_only(NAME, "");
    assert_eq!(fs::read("/proc/fault_probe").unwrap(), b"text\n");
    driver.unload();
}

/// Who waits for a lock gets it from the one that panics, who has it meanwhile.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn whoever_was_waiting_gets_the_lock() {
    if !panics::are_contained() {
        return;
    }
    for hold in ["mutex", "rwsem_write"] {
        let driver = faults::load_only(NAME, "");
        thread::scope(|scope| {
            let first = scope.spawn(move || {
                (place("write").call)(&format!("where=write hold={hold} kind=late"))
            });
            thread::sleep(Duration::from_millis(50));
            // It has been opened, and waits, before the first one panics.
            let second = plan(&format!("where=write hold={hold} kind=nothing"));
            assert_eq!(errno(second), None);
            assert_eq!(errno(first.join().unwrap()), Some(Errno::EIO));
        });
        assert_eq!(errno(open()), Some(Errno::ENODEV));
        driver.unload();
    }
}
