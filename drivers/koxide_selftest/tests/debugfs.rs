// SPDX-License-Identifier: GPL-2.0-only

//! Files in debugfs, as programs see them.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::{BadPointer, Errno, Guarded, HUGE, KernelLog, Module};

const FOLDER: &str = "/sys/kernel/debug/koxide_selftest";

fn load() -> Module {
    Module::load("koxide_selftest", "").unwrap()
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn write(name: &str, bytes: &[u8]) -> Result<usize, Errno> {
    let mut file = OpenOptions::new().write(true).open(path(name)).unwrap();
    file.write(bytes)
        .map_err(|error| Errno::of(&error).unwrap())
}

fn errno<T: std::fmt::Debug>(result: io::Result<T>) -> Errno {
    Errno::of(&result.unwrap_err()).unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn values_are_shown_and_taken_as_text() {
    let module = load();
    assert_eq!(text("text"), "\"a \\\"text\\\"\"\n");
    assert_eq!(text("number"), "-7\n");
    assert_eq!(write("number", b" 12\n"), Ok(4));
    assert_eq!(text("number"), "12\n");
    assert_eq!(write("number", b"-345"), Ok(4));
    assert_eq!(text("number"), "-345\n");
    for bad in [&b""[..], b"x", b"1 2", b"2147483648", b"\xff", &[b'1'; 25]] {
        assert_eq!(write("number", bad), Err(Errno::EINVAL), "{bad:?}");
    }
    assert_eq!(text("scope/number"), "3\n");
    assert_eq!(write("scope/number", b"32768"), Err(Errno::EINVAL));
    assert_eq!(write("scope/silent", b"-32768"), Ok(6));
    assert_eq!(text("scope/number"), "-32768\n");
    assert_eq!(write("scope/number", b"-21"), Ok(3));
    assert_eq!(write("scope/silent", b"54"), Ok(2));
    assert_eq!(text("scope/number"), "54\n");
    assert_eq!(write("scope/nested/0", b"123"), Ok(3));
    assert_eq!(text("scope/nested/0"), "123\n");
    assert_eq!(write("scope/nested/0", b"1"), Ok(1));
    assert_eq!(text("scope/id"), "0xbeef\n");
    assert_eq!(text("scope/both"), "3\n");
    assert_eq!(write("scope/both", b"9"), Ok(1));
    assert_eq!(write("scope/both", b"x"), Err(Errno::EDOM));
    assert_eq!(write("scope/both", b""), Err(Errno::EFAULT));
    assert_eq!(
        (text("scope/nested/0"), text("scope/both")),
        ("9\n".into(), "9\n".into())
    );
    assert!(!Path::new(&path("scope/nested/2")).exists());
    module.unload().unwrap();
    assert!(!Path::new(FOLDER).exists());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn permissions_are_those_of_the_kind() {
    let module = load();
    for (name, mode) in [
        ("text", 0o400),
        ("number", 0o600),
        ("scope/list", 0o400),
        ("scope/bytes", 0o600),
        ("scope/sink", 0o200),
        ("scope/silent", 0o200),
        ("scope/remove_slow", 0o200),
        ("scope/both", 0o600),
    ] {
        let found = fs::metadata(path(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o7777, mode, "{name}");
    }
    // Root may open them all the same.
    assert_eq!(errno(fs::read(path("scope/silent"))), Errno::EINVAL);
    assert_eq!(write("text", b"1"), Err(Errno::EINVAL));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn values_are_read_and_written_as_bytes() {
    let module = load();
    assert_eq!(fs::read(path("scope/list")).unwrap(), b"0123456789");
    let list = File::open(path("scope/list")).unwrap();
    let mut piece = [0; 4];
    assert_eq!(list.read_at(&mut piece, 8).unwrap(), 2);
    assert_eq!(&piece[..2], b"89");
    assert_eq!(list.read_at(&mut piece, 10).unwrap(), 0);
    assert_eq!(list.read_at(&mut piece, i64::MAX as u64 - 4096).unwrap(), 0);
    let bytes = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path("scope/bytes"))
        .unwrap();
    assert_eq!(bytes.write_at(b"xyz", 6).unwrap(), 2);
    assert_eq!(bytes.write_at(b"xyz", 8).unwrap(), 0);
    assert_eq!(fs::read(path("scope/bytes")).unwrap(), b"ABCDEFxy");
    assert_eq!(write("scope/sink", b"12"), Ok(2));
    let mut all = Vec::new();
    (&bytes).read_to_end(&mut all).unwrap();
    assert_eq!(all, b"12CDEFxy");
    drop((list, bytes));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn bad_memory_is_efault_and_large_sizes_do_no_harm() {
    let module = load();
    for name in ["number", "scope/bytes"] {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path(name))
            .unwrap();
        for pointer in BadPointer::ALL {
            assert_eq!(pointer.read(&file, 2), Err(Errno::EFAULT), "{pointer:?}");
            assert_eq!(pointer.write(&file, 2), Err(Errno::EFAULT), "{pointer:?}");
        }
        let mut buffer = Guarded::new(8).unwrap();
        assert_eq!(buffer.read(&file, 0), Ok(0));
        for size in [3, 4095, 4097, HUGE] {
            let mut file = File::open(path(name)).unwrap();
            let read = buffer.read(&file, size).unwrap();
            assert!((1..=8).contains(&read), "{name} {size}");
            let _ = file.read(&mut []).unwrap();
        }
    }
    let number = OpenOptions::new().write(true).open(path("number")).unwrap();
    let buffer = Guarded::new(8).unwrap();
    for size in [0, 25, 4095, 4097, HUGE] {
        assert_eq!(buffer.write(&number, size), Err(Errno::EINVAL), "{size}");
    }
    drop(number);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn an_open_file_keeps_the_module() {
    let module = load();
    let mut number = File::open(path("number")).unwrap();
    let bytes = File::open(path("scope/bytes")).unwrap();
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    let mut text = String::new();
    number.read_to_string(&mut text).unwrap();
    assert_eq!(text, "-7\n");
    drop(number);
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    drop(bytes);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn removing_a_file_waits_for_its_readers() {
    let mut log = KernelLog::since_now();
    let module = load();
    let mut open = File::open(path("slow")).unwrap();
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                loop {
                    match fs::read_to_string(path("slow")) {
                        Ok(text) => assert_eq!(text, "alive\n"),
                        Err(error) => {
                            let errno = Errno::of(&error).unwrap();
                            assert!([Errno::EIO, Errno::ENOENT].contains(&errno), "{errno}");
                            break;
                        }
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(500));
        let start = Instant::now();
        assert_eq!(write("scope/remove_slow", b"1"), Ok(1));
        assert!(start.elapsed() < Duration::from_secs(5));
    });
    assert_eq!(errno(open.read(&mut [0; 8])), Errno::EIO);
    drop(open);
    assert!(!Path::new(&path("slow")).exists());
    module.unload().unwrap();
    assert!(!log.contains("used after it was dropped"));
}
