// SPDX-License-Identifier: GPL-2.0-only

//! What of the library shows in user space only: parameters, the log, and a device whose module's init fails.
#![forbid(unsafe_code)]

use std::fs::File;
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::{Errno, KernelLog, Module, ioctl};

const DEVICE: &str = "/dev/koxide-selftest";

// What loading fails with.
const ERANGE: i32 = 34;
const EINVAL: i32 = 22;
const EBUSY: i32 = 16;

/// What the module logs of its parameters when it is loaded with some.
fn logged(params: &str) -> String {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", params).unwrap();
    let line = log.wait_for("the square is ");
    module.unload().unwrap();
    let lines = log.lines();
    let at = lines.iter().position(|found| *found == line).unwrap();
    lines[at - 1].split(": ").last().unwrap().to_owned()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn parameters_have_all_types() {
    assert_eq!(logged(""), "-8 8 -16 16 -32 32 -64 64 -1 false");
    assert_eq!(
        logged("a_i8=-128 a_u8=255 a_i16=-32768 a_u16=65535 a_bool"),
        "-128 255 -32768 65535 -32 32 -64 64 -1 true"
    );
    assert_eq!(
        logged(
            "a_i32=-2147483648 a_u32=0xffffffff a_i64=-9223372036854775808 \
             a_u64=18446744073709551615 an_isize=7 a_bool=n"
        ),
        "-8 8 -16 16 -2147483648 4294967295 -9223372036854775808 18446744073709551615 7 false"
    );
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn parameters_that_do_not_fit_are_refused() {
    for (params, errno) in [
        ("a_u8=256", ERANGE),
        ("a_i8=-129", ERANGE),
        ("a_u8=-1", EINVAL),
        ("a_i64=x", EINVAL),
        ("a_u32", EINVAL),
        ("a_bool=perhaps", EINVAL),
    ] {
        let error = Module::load("koxide_selftest", params).unwrap_err();
        assert_eq!(error.0, errno, "{params}");
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_goes_wrong_in_init_is_an_errno() {
    if cfg!(target_arch = "arm") {
        println!("not tested: on 32-bit ARM a panic is BUG()");
        return;
    }
    for provoke in [1, 7, 8] {
        let loaded = Module::load("koxide_selftest", &format!("provoke={provoke}"));
        assert_eq!(loaded.err(), Some(Errno::EIO), "{provoke}");
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_long_line_is_logged_whole() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "provoke=4").unwrap();
    let line = log.wait_for("a long line");
    assert!(
        line.ends_with(&format!("koxide_selftest: {:>600}|", "a long line")),
        "{line}"
    );
    module.unload().unwrap();
}

/// The kernel's formatting warns of a length that it cannot count; a warning fails this test.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_line_that_is_far_too_long_is_cut() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "provoke=5").unwrap();
    log.wait_for("koxide_selftest: far too long... far too long...");
    log.wait_for("misc koxide-selftest: far too long... far too long...");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn values_of_all_kinds_are_logged() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "provoke=6").unwrap();
    let looked_at = log.wait_for("] 3 * 7 = 21");
    assert!(
        looked_at.contains("koxide_selftest: [drivers/koxide_selftest/src/text.rs:"),
        "{looked_at}"
    );
    // The file that the log is read from writes a backslash as an escape sequence of its own.
    log.wait_for("koxide_selftest: disk\\x5cxff 1.2 EINVAL 42 and 00ff");
    log.wait_for("koxide_selftest: \"\\x5cu{301}\\x5cu{200b}\\x5cu{e000}\\x5cu{10ffff}\\x5c\"\\x5c\\x5c\\x5ct of more");
    log.wait_for("koxide_selftest: level 5");
    log.wait_for("koxide_selftest: level 4");
    let cut = log.wait_for("|Some(");
    assert!(
        cut.contains("\\x5cxff\\x5cxc3\\x5cxe2\\x5cx82\\x5cxf0\\x5cx9f\\x5cxa6\""),
        "{cut}"
    );
    module.unload().unwrap();
}

/// What `printk` formats reads as what `core::fmt` makes of it.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn printk_writes_values_as_core_does() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "provoke=6").unwrap();
    log.wait_for("koxide_selftest: both ways to here");
    module.unload().unwrap();
    let lines = log.lines();
    let texts = lines
        .iter()
        .filter_map(|line| Some(line.split_once("koxide_selftest: ")?.1));
    let texts: Vec<_> = texts
        .skip_while(|text| *text != "both ways from here")
        .skip(1)
        .take_while(|text| *text != "both ways to here")
        .collect();
    assert_eq!(texts.len(), 2 * (13 * 3 + 4), "{texts:#?}");
    for pair in texts.chunks_exact(2) {
        assert_eq!(pair[0], pair[1]);
    }
}

/// A module whose init fails is freed, whoever uses it: the library waits until nobody does, and then for what they left
/// behind.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_failed_init_waits_for_open_files() {
    let start = Instant::now();
    let user = thread::spawn(move || {
        let file = loop {
            match File::open(DEVICE) {
                Ok(file) => break file,
                Err(_) if start.elapsed() < Duration::from_secs(10) => thread::yield_now(),
                Err(error) => panic!("{DEVICE} never came: {error}"),
            }
        };
        // The module takes 0.5 s to notice that it fails.
        thread::sleep(Duration::from_millis(1500));
        // What was pending then is over already; this is new.
        ioctl::none(&file, ioctl::io(b'|', 0)).unwrap();
        let closed = Instant::now();
        drop(file);
        closed
    });
    let mut log = KernelLog::since_now();
    let error = Module::load("koxide_selftest", "provoke=3").unwrap_err();
    let failed = Instant::now();
    assert_eq!(error.0, EBUSY);
    assert!(log.contains("what was left behind is done"));
    assert!(
        failed >= user.join().unwrap(),
        "the module was freed while its file was open"
    );
    assert!(File::open(DEVICE).is_err());
}
