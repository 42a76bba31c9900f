// SPDX-License-Identifier: GPL-2.0-only

//! Parameters: texts and rows of numbers, and what of them is in sysfs.
#![forbid(unsafe_code)]

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::{KernelLog, Module};

const FOLDER: &str = "/sys/module/koxide_selftest/parameters";

const EINVAL: i32 = 22;
const ENOSPC: i32 = 28;
const ERANGE: i32 = 34;

fn read(name: &str) -> String {
    fs::read_to_string(format!("{FOLDER}/{name}")).unwrap()
}

fn write(name: &str, value: &str) -> io::Result<()> {
    fs::write(format!("{FOLDER}/{name}"), value)
}

/// Loads the module with parameters, and waits for a line of the log.
fn logs(params: &str, line: &str) {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", params).unwrap();
    log.wait_for(line);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn texts_and_rows_are_given_or_default() {
    logs("", "koxide_selftest: nothing \"said\" [1, -2] [true]");
    logs(
        "a_text=hello a_row=7,-0x8,9 some_bools=n,Y",
        "koxide_selftest: hello [7, -8, 9] [false, true]",
    );
    logs("\"a_text=two words\"", "koxide_selftest: two words [1, -2]");
    let longest = "x".repeat(1024);
    logs(&format!("a_text={longest}"), "koxide_selftest: xxxxxxxx");
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_too_much_is_refused() {
    let too_long = format!("a_text={}", "x".repeat(1025));
    for (params, errno) in [
        ("a_row=1,2,3,4,5", EINVAL),
        ("a_row=1,,3", EINVAL),
        ("a_row=", EINVAL),
        ("a_row=40000", ERANGE),
        ("a_row", EINVAL),
        ("a_text", EINVAL),
        ("some_bools=1,perhaps", EINVAL),
        (too_long.as_str(), ENOSPC),
    ] {
        let error = Module::load("koxide_selftest", params).unwrap_err();
        assert_eq!(error.0, errno, "{params}");
    }
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn the_files_have_their_modes_and_values() {
    let module = Module::load("koxide_selftest", "a_row=3,4 live_text=start").unwrap();
    let mode = |name: &str| {
        let metadata = fs::metadata(format!("{FOLDER}/{name}"));
        metadata.map(|metadata| metadata.permissions().mode() & 0o7777)
    };
    assert_eq!(mode("a_row").unwrap(), 0o444);
    assert_eq!(mode("live_text").unwrap(), 0o644);
    assert_eq!(mode("live_bool").unwrap(), 0o600);
    assert!(mode("a_text").is_err());
    assert_eq!(read("a_row"), "3,4\n");
    assert_eq!(read("live_text"), "start\n");
    assert_eq!(read("live_row"), "\n");
    assert_eq!(
        (read("live_bool"), read("live_number")),
        ("N\n".into(), "0\n".into())
    );
    write("live_text", "other words\n").unwrap();
    assert_eq!(read("live_text"), "other words\n");
    write("live_row", "1,2,3\n").unwrap();
    assert_eq!(read("live_row"), "1,2,3\n");
    write("live_bool", "y").unwrap();
    write("live_number", "18446744073709551615").unwrap();
    assert_eq!(read("live_number"), "18446744073709551615\n");
    // What is refused changes nothing.
    let refused = |name, value: &str| write(name, value).unwrap_err().raw_os_error();
    assert_eq!(refused("live_row", "1,x"), Some(EINVAL));
    assert_eq!(refused("live_row", "1,2,3,4,5,6,7,8,9"), Some(EINVAL));
    assert_eq!(refused("live_number", "-1"), Some(EINVAL));
    assert_eq!(refused("live_text", &"x".repeat(1025)), Some(ENOSPC));
    assert_eq!(
        (read("live_row"), read("live_bool")),
        ("1,2,3\n".into(), "Y\n".into())
    );
    module.unload().unwrap();
}

/// Several writers, while a thread of the driver reads: it never sees half of a value, nor memory that was freed.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn values_are_whole_while_they_change() {
    let mut log = KernelLog::since_now();
    let module = Module::load("koxide_selftest", "watch").unwrap();
    let end = Instant::now() + Duration::from_secs(2);
    thread::scope(|scope| {
        for writer in 1..=4usize {
            scope.spawn(move || {
                let letters = char::from(b'a' + writer as u8)
                    .to_string()
                    .repeat(writer * 200);
                let row = vec![(writer * 2).to_string(); writer * 2].join(",");
                let number = (0x0101_0101_0101_0101 * writer as u64).to_string();
                while Instant::now() < end {
                    write("live_text", &letters).unwrap();
                    write("live_row", &row).unwrap();
                    write("live_number", &number).unwrap();
                    let shown = read("live_text");
                    let first = shown.chars().next();
                    assert!(shown.trim_end().chars().all(|letter| Some(letter) == first));
                }
            });
        }
    });
    write("live_text", "zzz").unwrap();
    write("live_row", "1").unwrap();
    write("live_number", "0x0707070707070707").unwrap();
    module.unload().unwrap();
    log.wait_for("koxide_selftest: watched often, 0 of it torn");
    log.wait_for("koxide_selftest: at last 0x707070707070707 false zzz [1]");
}
