// SPDX-License-Identifier: GPL-2.0-only

//! The devices, and what is told to them.
#![allow(dead_code, reason = "shared by several programs")]

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use koxide_guest::{Errno, faults, mount_at, panics};

pub(crate) const NAME: &str = "restart_probe";
pub(crate) const DEVICE: &str = "/dev/restart-probe";
pub(crate) const OTHER: &str = "/dev/restart-probe-other";
pub(crate) const MISC: &str = "/dev/restart-probe-misc";

/// Loads the module, whose shims know what was not given back.
pub(crate) fn load(params: &str) -> faults::Faulty {
    faults::load_only(NAME, params)
}

/// Opens a device.
pub(crate) fn open(path: &str) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Which instance a file belongs to.
pub(crate) fn instance_of(file: &mut File) -> Result<u32, Errno> {
    let mut digit = [0];
    match file.read_exact(&mut digit) {
        Ok(()) => Ok(u32::from(digit[0] - b'0')),
        Err(error) => Err(Errno::of(&error).unwrap()),
    }
}

/// Tells a file what is to happen.
pub(crate) fn order_to(file: &mut File, order: &str) -> Result<(), Errno> {
    file.write_all(order.as_bytes())
        .map_err(|error| Errno::of(&error).unwrap())
}

/// Tells the device.
pub(crate) fn order(order: &str) -> io::Result<()> {
    open(DEVICE)?.write_all(order.as_bytes())
}

/// How many panics and restarts there were.
pub(crate) fn restarts() -> (u32, u32) {
    panics::counts(NAME)
}

/// A folder in that of the driver in configfs.
pub(crate) fn folder(name: &str) -> String {
    mount_at("configfs", "/sys/kernel/config").unwrap();
    format!("/sys/kernel/config/restart_probe/{name}")
}
