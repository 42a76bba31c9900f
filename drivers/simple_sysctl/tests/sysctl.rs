// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/sys/rust/example/test` behaves as the kernel's own settings do.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;
use std::thread;

use koxide_guest::{BadPointer, Errno, Guarded, HUGE, KernelLog, Module, as_user};

const TEST: &str = "/proc/sys/rust/example/test";

/// An int of the kernel's own, which nothing in the virtual machine looks at.
const KERNELS: &str = "/proc/sys/kernel/ctrl-alt-del";

fn load() -> Module {
    Module::load("simple_sysctl", "").unwrap()
}

fn writable(path: &str) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

fn value(path: &str) -> String {
    fs::read_to_string(path).unwrap()
}

fn errno<T: std::fmt::Debug>(result: io::Result<T>) -> Errno {
    Errno::of(&result.unwrap_err()).unwrap()
}

/// What sysctl(8) prints.
fn sysctl(args: &[&str]) -> String {
    let output = Command::new("sysctl").args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sysctl_reads_and_writes_it() {
    let mut log = KernelLog::since_now();
    let module = load();
    assert_eq!(sysctl(&["rust.example.test"]), "rust.example.test = 1\n");
    let written = sysctl(&["-w", "rust.example.test=2"]);
    assert_eq!(written, "rust.example.test = 2\n");
    assert_eq!(sysctl(&["-n", "rust.example.test"]), "2\n");
    // Some of the others' settings cannot be read, of which only some programs of this name make a failure.
    let all = Command::new("sysctl").arg("-a").output().unwrap();
    let all = String::from_utf8_lossy(&all.stdout).into_owned();
    assert!(all.contains("\nrust.example.test = 2\n"), "{all}");
    let refused = Command::new("sysctl")
        .args(["-w", "rust.example.test=two"])
        .output()
        .unwrap();
    assert!(!refused.status.success());
    assert_eq!(value(TEST), "2\n");
    module.unload().unwrap();
    log.wait_for("simple_sysctl: test was 2 at the end");
    assert!(!Path::new("/proc/sys/rust").exists());
    // It starts at 1 each time.
    let module = load();
    assert_eq!(value(TEST), "1\n");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn any_text_does_what_it_does_to_the_kernels_own() {
    let module = load();
    let long = "1".repeat(4095);
    let longer = " ".repeat(4096) + "1";
    let zeros = "0".repeat(30) + "5";
    for text in [
        "3",
        "3\n",
        " 4",
        "4 ",
        "\t5\n",
        "+6",
        "-7",
        "- 7",
        "--7",
        "0x1f",
        "0X1f",
        "017",
        "08",
        "1e3",
        "1.5",
        "x",
        "3x",
        "3 x",
        "3 4",
        "3,4",
        "3\n4",
        "\n",
        " ",
        "",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "99999999999999999999999999",
        "0",
        "-0",
        "3\0",
        "\x003",
        "\u{ff13}",
        &long,
        &longer,
        &zeros,
    ] {
        for path in [TEST, KERNELS] {
            fs::write(path, "42").unwrap();
        }
        let write = |path| {
            let written = writable(path).write(text.as_bytes());
            (written.map_err(|error| Errno::of(&error)), value(path))
        };
        assert_eq!(write(TEST), write(KERNELS), "{text:?}");
    }
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn positions_and_sizes_do_what_they_do_to_the_kernels_own() {
    let module = load();
    for path in [TEST, KERNELS] {
        fs::write(path, "-1234").unwrap();
    }
    for size in [0, 1, 2, 5, 6, 7, 4095, 4097] {
        let pieces = |path| {
            let mut file = File::open(path).unwrap();
            let mut piece = vec![0; size];
            let first = file.read(&mut piece).map_err(|error| Errno::of(&error));
            let second = file.read(&mut piece).map_err(|error| Errno::of(&error));
            (first, second, piece)
        };
        assert_eq!(pieces(TEST), pieces(KERNELS), "{size}");
    }
    for at in [0, 1, 5, 4096] {
        let write = |path| {
            let written = writable(path).write_at(b"5", at);
            (written.map_err(|error| Errno::of(&error)), value(path))
        };
        assert_eq!(write(TEST), write(KERNELS), "{at}");
    }
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn bad_memory_and_impossible_sizes_do_what_they_do_to_the_kernels_own() {
    let module = load();
    let (read, read_other) = (File::open(TEST).unwrap(), File::open(KERNELS).unwrap());
    let (write, write_other) = (writable(TEST), writable(KERNELS));
    for pointer in BadPointer::ALL.into_iter().chain([BadPointer::ReadOnly]) {
        for size in [1, 2, 4095, 4097] {
            let ours = pointer.read(&read, size);
            assert_eq!(
                ours,
                pointer.read(&read_other, size),
                "{size} to {pointer:?}"
            );
        }
    }
    for pointer in BadPointer::ALL {
        for size in [0, 1, 4095, 4097, HUGE] {
            let ours = pointer.write(&write, size);
            let theirs = pointer.write(&write_other, size);
            assert_eq!(ours, theirs, "{size} from {pointer:?}");
        }
    }
    let mut buffer = Guarded::new(2).unwrap();
    for size in [0, 1, 3, 4097, HUGE] {
        let ours = buffer.read(&read, size);
        assert_eq!(ours, buffer.read(&read_other, size), "a read of {size}");
        let ours = buffer.write(&write, size);
        assert_eq!(ours, buffer.write(&write_other, size), "a write of {size}");
    }
    drop((read, write));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn everybody_reads_and_root_writes() {
    let module = load();
    let mode = fs::metadata(TEST).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o644);
    as_user(1000, || {
        assert_eq!(value(TEST), "1\n");
        assert_eq!(errno(fs::write(TEST, "3")), Errno::EACCES);
    });
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn many_users_see_whole_numbers_only() {
    let module = load();
    let known = ["1", "11111", "-222222222", "2147483647"];
    thread::scope(|scope| {
        for user in 0..64 {
            scope.spawn(move || {
                for turn in 0..50 {
                    fs::write(TEST, known[(user + turn) % known.len()]).unwrap();
                    let found = value(TEST);
                    assert!(known.contains(&found.trim()), "{found}");
                }
            });
        }
    });
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_goes_while_it_is_used_and_an_open_file_is_enoent() {
    let module = load();
    let mut open = File::open(TEST).unwrap();
    let writer = writable(TEST);
    thread::scope(|scope| {
        let users = (0..8).map(|_| {
            scope.spawn(|| {
                loop {
                    match fs::read_to_string(TEST) {
                        Ok(text) => assert_eq!(text, "1\n"),
                        Err(error) => return Errno::of(&error).unwrap(),
                    }
                }
            })
        });
        let users: Vec<_> = users.collect();
        thread::sleep(std::time::Duration::from_millis(100));
        module.unload().unwrap();
        for user in users {
            assert_eq!(user.join().unwrap(), Errno::ENOENT);
        }
    });
    assert_eq!(errno(open.read(&mut [0; 8])), Errno::ENOENT);
    assert_eq!(errno(writer.write_at(b"2", 0)), Errno::ENOENT);
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_loaded_once() {
    let module = load();
    assert_eq!(
        Module::load("simple_sysctl", "").unwrap_err(),
        Errno::EEXIST
    );
    module.unload().unwrap();
}
