// SPDX-License-Identifier: GPL-2.0-only

//! Files in `/proc`, as programs see them.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use koxide_guest::{BadPointer, Errno, Guarded, HUGE, KernelLog, Module, as_user};

const NUMBER: &str = "/proc/koxide_selftest/number";
const SECRET: &str = "/proc/koxide_selftest/secret";
const LONG: &str = "/proc/koxide_selftest/kinds/long";
const SLOW: &str = "/proc/koxide_selftest/kinds/slow";
const BUSY: &str = "/proc/koxide_selftest/kinds/busy";
const SINK: &str = "/proc/koxide_selftest/kinds/sink";

fn load() -> Module {
    Module::load("koxide_selftest", "").unwrap()
}

fn writable(path: &str) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

fn errno<T: std::fmt::Debug>(result: io::Result<T>) -> Errno {
    Errno::of(&result.unwrap_err()).unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_written_is_read() {
    let module = load();
    assert_eq!(fs::read_to_string(NUMBER).unwrap(), "7\n");
    fs::write(NUMBER, " -12\n").unwrap();
    assert_eq!(fs::read_to_string(NUMBER).unwrap(), "-12\n");
    for bad in ["x", "1 2", "2147483648", "", "123456789012345678"] {
        assert_eq!(
            errno(writable(NUMBER).write(bad.as_bytes())),
            Errno::EINVAL,
            "{bad}"
        );
    }
    assert_eq!(fs::read_to_string(NUMBER).unwrap(), "-12\n");
    module.unload().unwrap();
    assert!(!Path::new("/proc/koxide_selftest").exists());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn permissions_are_those_asked_for() {
    let module = load();
    for (path, mode) in [
        (NUMBER, 0o644),
        (SECRET, 0o600),
        (LONG, 0o444),
        (SINK, 0o222),
    ] {
        let found = fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(found, mode, "{path}");
    }
    as_user(1000, || {
        assert_eq!(errno(File::open(SECRET)), Errno::EACCES);
        assert_eq!(errno(fs::write(NUMBER, "1")), Errno::EACCES);
        assert_eq!(fs::read_to_string(NUMBER).unwrap(), "7\n");
    });
    // Root may open what has no method, and gets an error then.
    assert_eq!(errno(fs::read(SINK)), Errno::EIO);
    assert_eq!(errno(fs::write(LONG, "1")), Errno::EIO);
    assert_eq!(errno(fs::read(BUSY)), Errno::EBUSY);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn long_content_is_whole_in_pieces_of_any_size() {
    let module = load();
    let expected: String = (0..20_000).map(|line| format!("{line:>9}\n")).collect();
    assert!(fs::read_to_string(LONG).unwrap() == expected);
    for size in [1, 4095, 4096, 4097, 1 << 20] {
        let mut file = File::open(LONG).unwrap();
        let mut piece = vec![0; size];
        let mut at = 0;
        // One byte at a time would take long for all of it.
        while at < expected.len().min(size * 3000) {
            let read = file.read(&mut piece).unwrap();
            assert!(read > 0);
            assert!(
                piece[..read] == expected.as_bytes()[at..at + read],
                "at {at}"
            );
            at += read;
        }
    }
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn bad_memory_is_efault_and_large_sizes_do_no_harm() {
    let module = load();
    let file = File::open(NUMBER).unwrap();
    for pointer in BadPointer::ALL.into_iter().chain([BadPointer::ReadOnly]) {
        assert_eq!(pointer.read(&file, 10), Err(Errno::EFAULT), "{pointer:?}");
    }
    let mut buffer = Guarded::new(2).unwrap();
    assert_eq!(buffer.read(&file, 0), Ok(0));
    assert_eq!(buffer.read(&file, HUGE), Ok(2));
    assert_eq!(buffer.to_vec(), b"7\n");
    let file = writable(NUMBER);
    for pointer in BadPointer::ALL {
        assert_eq!(pointer.write(&file, 10), Err(Errno::EFAULT), "{pointer:?}");
    }
    for size in [0, 17, 4095, 4097, HUGE] {
        assert_eq!(buffer.write(&file, size), Err(Errno::EINVAL), "{size}");
    }
    assert_eq!(fs::read_to_string(NUMBER).unwrap(), "7\n");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn an_open_file_outlives_its_module_and_is_eio() {
    let module = load();
    let mut number = File::open(NUMBER).unwrap();
    let mut control = writable(NUMBER);
    let mut first = [0];
    number.read_exact(&mut first).unwrap();
    module.unload().unwrap();
    assert_eq!(errno(number.read(&mut first)), Errno::EIO);
    assert_eq!(errno(control.write(b"1")), Errno::EIO);
    let module = load();
    assert_eq!(errno(number.read(&mut first)), Errno::EIO);
    assert_eq!(fs::read_to_string(NUMBER).unwrap(), "7\n");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn unloading_waits_for_readers() {
    let mut log = KernelLog::since_now();
    let module = load();
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                let mut alive = 0;
                loop {
                    match fs::read_to_string(SLOW) {
                        Ok(text) if text == "alive\n" => alive += 1,
                        // Opened and then removed, or no longer there.
                        Err(error) => {
                            let errno = Errno::of(&error).unwrap();
                            assert!([Errno::EIO, Errno::ENOENT].contains(&errno), "{errno}");
                            break;
                        }
                        other => panic!("{other:?}"),
                    }
                }
                assert!(alive > 0);
            });
        }
        thread::sleep(Duration::from_millis(700));
        module.unload().unwrap();
    });
    assert!(!log.contains("used after it was dropped"));
}
