// SPDX-License-Identifier: GPL-2.0-only

//! Settings of all kinds, as programs see them.
#![forbid(unsafe_code)]

use std::fs;

use koxide_guest::{Errno, KernelLog, Module, as_user};

const FOLDER: &str = "/proc/sys/koxide/selftest/";

fn read(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}{name}")).unwrap()
}

/// Writes a setting; says what it is then, or what is wrong.
fn write(name: &str, text: &str) -> Result<String, Errno> {
    match fs::write(format!("{FOLDER}{name}"), text) {
        Ok(()) => Ok(read(name)),
        Err(error) => Err(Errno::of(&error).unwrap()),
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn values_stay_in_their_ranges() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "").unwrap();
    assert_eq!(read("int"), "-5\n");
    assert_eq!(write("int", "10"), Ok("10\n".into()));
    assert_eq!(write("int", "11"), Err(Errno::EINVAL));
    assert_eq!(write("int", "-11"), Err(Errno::EINVAL));
    assert_eq!(write("int", "-10"), Ok("-10\n".into()));
    assert_eq!(read("uint"), "5\n");
    assert_eq!(write("uint", "2"), Err(Errno::EINVAL));
    assert_eq!(write("uint", "-3"), Err(Errno::EINVAL));
    assert_eq!(write("uint", "4294967295"), Ok("4294967295\n".into()));
    assert_eq!(write("uint", "4294967296"), Err(Errno::EINVAL));
    let long = 1_usize << (usize::BITS - 24);
    assert_eq!(read("long"), format!("{long}\n"));
    assert_eq!(write("long", "0"), Err(Errno::EINVAL));
    assert_eq!(write("long", &usize::MAX.to_string()), Err(Errno::EINVAL));
    let most = usize::MAX - 1;
    let written = write("long", &most.to_string());
    assert_eq!(written, Ok(format!("{most}\n")));
    assert_eq!(read("switch"), "0\n");
    assert_eq!(write("switch", "2"), Err(Errno::EINVAL));
    assert_eq!(write("switch", "255"), Err(Errno::EINVAL));
    assert_eq!(write("switch", "256"), Err(Errno::EINVAL));
    assert_eq!(write("switch", "yes"), Err(Errno::EINVAL));
    assert_eq!(write("switch", "1"), Ok("1\n".into()));
    assert_eq!(read("text"), "start\n");
    assert_eq!(write("text", "a b\nc"), Ok("a b\n".into()));
    assert_eq!(write("text", "123456789"), Ok("1234567\n".into()));
    module.unload().unwrap();
    // The driver has seen what was written.
    let said = format!("settings: -10 4294967295 {most} true Ok(\"1234567\")");
    log.wait_for(&said);
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn permissions_hold_for_root_too() {
    let module = Module::load("koxide_selftest", "").unwrap();
    assert_eq!(write("fixed", "1"), Err(Errno::EACCES));
    as_user(1000, || {
        assert_eq!(read("int"), "-5\n");
        let secret = fs::read_to_string(format!("{FOLDER}uint")).unwrap_err();
        assert_eq!(Errno::of(&secret), Some(Errno::EACCES));
    });
    module.unload().unwrap();
}
