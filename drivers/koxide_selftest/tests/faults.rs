// SPDX-License-Identifier: GPL-2.0-only

//! What the library does when there is no memory.
#![forbid(unsafe_code)]

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};

use koxide_guest::{Errno, Mapping, faults, ioctl, mount_at};

const BRING: u32 = ioctl::io(b'|', 1);
const REMOVE: u32 = ioctl::io(b'|', 2);
const REPLACE: u32 = ioctl::io(b'p', 2);

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_its_init_may_fail() {
    let without = Cell::new(0);
    let driver = faults::load_or(
        "koxide_selftest",
        "a_text=text a_row=1,2,3",
        |failed, errno| {
            match errno {
                // Nobody depends on debugfs, whose folders are in memory of their own.
                None if failed.starts_with("kmalloc ") => {
                    without.update(|count| count + 1);
                    true
                }
                None => failed.starts_with("debugfs_create_"),
                // As upstream's: it does not say why there is no device.
                Some(Errno::ENODEV) => failed.contains(" in kx_faux_"),
                Some(_) => false,
            }
        },
    );
    assert_eq!(without.get(), 1);
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_a_file_may_fail() {
    let driver = faults::load_only("koxide_selftest", "");
    let found = driver.each(|| {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/koxide-mapped")?;
        let mut mapping = Mapping::shared(&file, 0, 2)?;
        mapping.set(4096, 7);
        file.read_exact(&mut [0; 8192])?;
        file.write_all(b"some")
    });
    // Two pages, the file, each page in the mapping, the buffer of a read.
    assert!(found >= 6, "{found}");
    driver.each(|| {
        let file = File::open("/dev/koxide-polling")?;
        ioctl::value(&file, REPLACE, 1)?;
        ioctl::value(&file, REPLACE, 0)?;
        Ok(())
    });
    driver.each(|| File::open("/dev/koxide-waiting"));
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_a_device_that_comes_may_fail() {
    let driver = faults::load_only("koxide_selftest", "");
    let found = driver.each(|| {
        let control = File::open("/dev/koxide-control")?;
        ioctl::none(&control, BRING)?;
        let other = File::open("/dev/koxide-other");
        let read = other.and_then(|mut other| other.read_exact(&mut [0; 10]));
        ioctl::none(&control, REMOVE)?;
        read
    });
    assert!(found >= 5, "{found}");
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_a_folder_may_fail() {
    let driver = faults::load_only("koxide_selftest", "");
    mount_at("configfs", "/sys/kernel/config").unwrap();
    for name in ["one", "a name that is longer than twenty characters"] {
        let folder = format!("/sys/kernel/config/koxide_selftest/{name}");
        let found = driver.each(|| {
            fs::create_dir(&folder)?;
            let read = fs::read(format!("{folder}/text"));
            // The kernel may have no memory for that, either.
            fs::remove_dir(&folder).or_else(|_| fs::remove_dir(&folder))?;
            read
        });
        assert!(found >= 2, "{found}");
    }
    driver.unload();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_of_what_is_shown_may_fail() {
    let driver = faults::load_only("koxide_selftest", "");
    let speed = "/sys/devices/faux/koxide-selftest-faux/settings/speed";
    let speed = match fs::exists(speed).unwrap() {
        true => speed,
        false => "/sys/devices/platform/koxide-selftest-faux/settings/speed",
    };
    for path in [
        speed,
        "/proc/koxide_selftest/number",
        "/proc/sys/koxide/selftest/text",
        "/sys/kernel/debug/koxide_selftest/number",
        "/sys/kernel/debug/koxide_selftest/scope/list",
        "/sys/kernel/debug/koxide_selftest/scope/both",
        "/sys/module/koxide_selftest/parameters/a_row",
    ] {
        driver.each(|| fs::read(path));
    }
    for (path, text) in [
        (speed, "12"),
        ("/proc/koxide_selftest/number", "12"),
        ("/proc/sys/koxide/selftest/text", "new"),
        ("/sys/kernel/debug/koxide_selftest/number", "12"),
        ("/sys/module/koxide_selftest/parameters/live_text", "new"),
        ("/sys/module/koxide_selftest/parameters/live_row", "1,2,3"),
    ] {
        driver.each(|| fs::write(path, text));
    }
    driver.unload();
}
