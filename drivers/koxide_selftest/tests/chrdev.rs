// SPDX-License-Identifier: GPL-2.0-only

//! Character devices that come and go while they are used.
#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::{Errno, Module, ioctl};

const CONTROL: &str = "/dev/koxide-control";
const OTHER: &str = "/dev/koxide-other";
/// A second name of the other device's node, which stays when the kernel removes the first.
const KEPT: &str = "/dev/koxide-kept";

const BRING: u32 = ioctl::io(b'|', 1);
const REMOVE: u32 = ioctl::io(b'|', 2);
const COUNT: u32 = ioctl::io(b'|', 3);

/// Gives the node its second name.
fn keep_node() {
    // The machine's `/dev` is shared by the tests.
    let _ = fs::remove_file(KEPT);
    fs::hard_link(OTHER, KEPT).unwrap();
}

/// The errno of an open that fails.
fn opened() -> Option<Errno> {
    File::open(KEPT)
        .err()
        .map(|error| Errno::of(&error).unwrap())
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_device_has_a_number_a_node_and_a_place_in_sysfs() {
    let module = Module::load("koxide_selftest", "").unwrap();
    let control = File::open(CONTROL).unwrap();
    ioctl::none(&control, BRING).unwrap();
    let node = fs::metadata(OTHER).unwrap();
    let (major, minor) = (node.rdev() >> 8, node.rdev() & 0xff);
    assert_eq!((node.mode() & 0o7777, minor), (0o604, 1));
    let devices = fs::read_to_string("/proc/devices").unwrap();
    let line = format!("{major:3} koxide-chr");
    assert!(devices.lines().any(|found| found == line), "{devices}");
    let number = fs::read_to_string("/sys/class/koxide-chr/koxide-other/dev").unwrap();
    assert_eq!(number, format!("{major}:1\n"));
    drop(control);
    module.unload().unwrap();
    assert!(!Path::new(OTHER).exists() && !Path::new("/sys/class/koxide-chr").exists());
    let devices = fs::read_to_string("/proc/devices").unwrap();
    assert!(!devices.contains("koxide-chr"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_file_outlives_its_device() {
    let module = Module::load("koxide_selftest", "").unwrap();
    let control = File::open(CONTROL).unwrap();
    ioctl::none(&control, BRING).unwrap();
    keep_node();
    let mut other = File::open(KEPT).unwrap();
    ioctl::none(&control, REMOVE).unwrap();
    assert_eq!(ioctl::none(&control, COUNT), Ok(0));
    assert!(!Path::new(OTHER).exists());
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert_eq!(text, "still here");
    // The kernel still knows how to open this node, since a file of it is open: the library refuses.
    assert_eq!(opened(), Some(Errno::ENXIO));
    drop(other);
    assert_eq!(opened(), Some(Errno::ENXIO));
    ioctl::none(&control, BRING).unwrap();
    assert_eq!(opened(), None, "the number is the same");
    drop(control);
    module.unload().unwrap();
    assert_eq!(opened(), Some(Errno::ENXIO));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn opening_races_with_removing() {
    let module = Module::load("koxide_selftest", "").unwrap();
    let control = File::open(CONTROL).unwrap();
    ioctl::none(&control, BRING).unwrap();
    keep_node();
    let done = AtomicBool::new(false);
    let opens = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    match opened() {
                        None => {
                            opens.fetch_add(1, Ordering::Relaxed);
                        }
                        Some(errno) => assert_eq!(errno, Errno::ENXIO),
                    }
                }
            });
        }
        // One processor may go on for long before another does anything.
        let start = Instant::now();
        let mut rounds = 0;
        while rounds < 200 || opens.load(Ordering::Relaxed) < 4 {
            ioctl::none(&control, REMOVE).unwrap();
            ioctl::none(&control, BRING).unwrap();
            rounds += 1;
            if start.elapsed() > Duration::from_secs(20) {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    let opens = opens.into_inner();
    assert!(opens > 0, "nobody ever opened it");
    assert_eq!(ioctl::none(&control, COUNT), Ok(1));
    drop(control);
    module.unload().unwrap();
}

/// The kernel takes a number back from whoever has it: it must not be somebody else by then.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_number_is_given_back_before_it_is_given_again() {
    let module = Module::load("koxide_selftest", "").unwrap();
    thread::scope(|scope| {
        for request in [BRING, REMOVE, BRING, REMOVE] {
            scope.spawn(move || {
                let control = File::open(CONTROL).unwrap();
                for _ in 0..300 {
                    let refused = [Errno::EBUSY, Errno::ENODEV];
                    let result = ioctl::none(&control, request);
                    assert!(
                        result.map_or_else(|e| refused.contains(&e), |_| true),
                        "{result:?}"
                    );
                }
            });
        }
    });
    let control = File::open(CONTROL).unwrap();
    let _ = ioctl::none(&control, REMOVE);
    ioctl::none(&control, BRING).unwrap();
    let text = fs::read_to_string(OTHER).unwrap();
    assert_eq!(text, "still here");
    drop(control);
    module.unload().unwrap();
}
