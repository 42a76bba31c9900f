// SPDX-License-Identifier: GPL-2.0-only

//! A device without hardware and its attributes, as programs see them.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use koxide_guest::{BadPointer, Errno, Guarded, HUGE, KernelLog, Module, as_user};

/// Where the device is: kernels before 6.14 have no folder for such devices.
fn folder() -> &'static str {
    let places = [
        "/sys/devices/faux/koxide-selftest-faux",
        "/sys/devices/platform/koxide-selftest-faux",
    ];
    let found = places.into_iter().find(|place| Path::new(place).exists());
    found.expect("the device is in sysfs")
}

fn path(name: &str) -> String {
    format!("{}/settings/{name}", folder())
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn load() -> Module {
    Module::load("koxide_selftest", "").unwrap()
}

fn errno<T: std::fmt::Debug>(result: io::Result<T>) -> Errno {
    Errno::of(&result.unwrap_err()).unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn the_device_is_bound_and_logs() {
    let mut log = KernelLog::since_now();
    let module = load();
    let line = log.wait_for("a device without hardware");
    assert!(line.contains("koxide-selftest-faux: "), "{line}");
    let driver = format!("{}/driver", folder());
    assert!(Path::new(&driver).exists(), "a driver is bound to it");
    assert!(!Path::new(&format!("{driver}/unbind")).exists());
    let place = folder();
    module.unload().unwrap();
    assert!(!Path::new(place).exists());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn attributes_are_read_and_written() {
    let module = load();
    assert_eq!(text("speed"), "7\n");
    fs::write(path("speed"), "12\n").unwrap();
    assert_eq!(text("speed"), "12\n");
    for bad in ["x", "-1", "4294967296", "1 2"] {
        assert_eq!(errno(fs::write(path("speed"), bad)), Errno::EINVAL, "{bad}");
    }
    assert_eq!(text("speed"), "12\n");
    assert_eq!(errno(fs::read(path("busy"))), Errno::EBUSY);
    assert_eq!(errno(fs::read(path("too_much"))), Errno::EIO);
    for size in [1, 4095, 4096] {
        fs::write(path("silent"), vec![b'x'; size]).unwrap();
        assert_eq!(text("speed"), format!("{size}\n"));
    }
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn permissions_are_those_of_the_methods() {
    let module = load();
    for (name, mode) in [("speed", 0o644), ("silent", 0o200), ("busy", 0o444)] {
        let found = fs::metadata(path(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o7777, mode, "{name}");
    }
    as_user(1000, || {
        assert_eq!(text("speed"), "7\n");
        assert_eq!(errno(fs::write(path("speed"), "1")), Errno::EACCES);
        assert_eq!(errno(File::open(path("silent"))), Errno::EACCES);
    });
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn bad_memory_is_efault_and_large_sizes_do_no_harm() {
    let module = load();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path("speed"))
        .unwrap();
    for pointer in BadPointer::ALL {
        assert_eq!(pointer.read(&file, 10), Err(Errno::EFAULT), "{pointer:?}");
        assert_eq!(pointer.write(&file, 10), Err(Errno::EFAULT), "{pointer:?}");
    }
    let mut buffer = Guarded::new(2).unwrap();
    assert_eq!(buffer.read(&file, 0), Ok(0));
    assert_eq!(buffer.read(&file, HUGE), Ok(2));
    assert_eq!(buffer.to_vec(), b"7\n");
    assert_eq!(buffer.write(&file, 4097), Err(Errno::EFAULT));
    assert_eq!(buffer.write(&file, HUGE), Err(Errno::EFAULT));
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn unloading_waits_for_readers_and_leaves_open_files_behind() {
    let mut log = KernelLog::since_now();
    let module = load();
    let mut open = File::open(path("speed")).unwrap();
    let slow = path("slow");
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                loop {
                    match fs::read_to_string(&slow) {
                        Ok(text) => assert_eq!(text, "alive\n"),
                        Err(error) => {
                            let errno = Errno::of(&error).unwrap();
                            assert!([Errno::ENODEV, Errno::ENOENT].contains(&errno), "{errno}");
                            break;
                        }
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        module.unload().unwrap();
    });
    assert_eq!(errno(open.read(&mut [0; 8])), Errno::ENODEV);
    assert!(!log.contains("used after they were dropped"));
    let module = load();
    assert_eq!(errno(open.read(&mut [0; 8])), Errno::ENODEV);
    assert_eq!(errno(writeln!(open, "1")), Errno::EBADF);
    module.unload().unwrap();
}
