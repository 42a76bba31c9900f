// SPDX-License-Identifier: GPL-2.0-only

//! Folders of configfs, as programs see them.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use koxide_guest::{BadPointer, Errno, Guarded, HUGE, KernelLog, Module, mount_at};

const CONFIG: &str = "/sys/kernel/config";
const FOLDER: &str = "/sys/kernel/config/koxide_selftest";

fn load() -> Module {
    let module = Module::load("koxide_selftest", "").unwrap();
    mount_at("configfs", CONFIG).unwrap();
    module
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

fn errno<T: std::fmt::Debug>(result: io::Result<T>) -> Errno {
    Errno::of(&result.unwrap_err()).unwrap()
}

/// What a write of the text says: the driver sees it when the file is closed, or at once, as the kernel is.
fn store(name: &str, bytes: &[u8]) -> io::Result<usize> {
    let mut file = OpenOptions::new().write(true).open(path(name))?;
    file.write(bytes)
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn folders_are_made_filled_and_removed() {
    let mut log = KernelLog::since_now();
    let module = load();
    assert_eq!(text("made"), "0\n");
    fs::create_dir(path("one")).unwrap();
    fs::create_dir(path("a name that is longer than twenty characters")).unwrap();
    fs::create_dir(path("%s%n")).unwrap();
    fs::create_dir(path("one/book")).unwrap();
    assert_eq!(errno(fs::create_dir(path("one"))), Errno::EEXIST);
    assert_eq!(errno(fs::create_dir(path("one/book/page"))), Errno::EPERM);
    assert_eq!(text("made"), "3\n");
    assert_eq!(text("one/text"), "");
    store("one/text", b"hello\n").unwrap();
    assert_eq!(text("one/text"), "hello\n");
    assert_eq!(text("%s%n/text"), "");
    assert_eq!(errno(store("one/text", b"!")), Errno::ERANGE);
    assert_eq!(text("one/text"), "hello\n");
    assert_eq!(errno(fs::remove_dir(path("one"))), Errno::ENOTEMPTY);
    assert!(!log.contains("a shelf is gone"));
    fs::remove_dir(path("one/book")).unwrap();
    fs::remove_dir(path("one")).unwrap();
    log.wait_for("a shelf is gone");
    assert_eq!(text("made"), "2\n");
    fs::remove_dir(path("%s%n")).unwrap();
    fs::remove_dir(path("a name that is longer than twenty characters")).unwrap();
    module.unload().unwrap();
    assert!(!Path::new(FOLDER).exists());
    let gone = log.lines().iter();
    assert_eq!(
        gone.filter(|line| line.contains("a shelf is gone")).count(),
        3
    );
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn errors_are_those_of_the_driver() {
    let module = load();
    assert_eq!(errno(fs::create_dir(path("forbidden"))), Errno::EACCES);
    assert_eq!(errno(fs::create_dir(path("broken"))), Errno::EDOM);
    assert_eq!(errno(fs::read(path("too_much"))), Errno::EIO);
    assert_eq!(errno(store("made", b"1")), Errno::EACCES);
    let mode = fs::metadata(path("made")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o660);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sizes_and_bad_memory_do_no_harm() {
    let module = load();
    fs::create_dir(path("one")).unwrap();
    for size in [1, 2, 4095] {
        let content = vec![b'x'; size];
        assert_eq!(store("one/text", &content).unwrap(), size);
        assert!(fs::read(path("one/text")).unwrap() == content, "{size}");
    }
    // More than a page less one byte does not come through in one write.
    assert_eq!(store("one/text", &[b'y'; 4097]).unwrap(), 4095);
    let text_file = File::open(path("one/text")).unwrap();
    for pointer in BadPointer::ALL.into_iter().chain([BadPointer::ReadOnly]) {
        assert_eq!(
            pointer.read(&text_file, 10),
            Err(Errno::EFAULT),
            "{pointer:?}"
        );
    }
    let mut buffer = Guarded::new(4096).unwrap();
    // configfs takes "nothing was copied" for a bad address.
    assert_eq!(buffer.read(&text_file, 0), Err(Errno::EFAULT));
    assert_eq!(buffer.read(&text_file, HUGE), Ok(4095));
    let file = OpenOptions::new()
        .write(true)
        .open(path("one/text"))
        .unwrap();
    for pointer in BadPointer::ALL {
        assert_eq!(pointer.write(&file, 10), Err(Errno::EFAULT), "{pointer:?}");
    }
    drop((text_file, file));
    assert_eq!(fs::read(path("one/text")).unwrap(), [b'y'; 4095]);
    fs::remove_dir(path("one")).unwrap();
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn folders_and_open_files_keep_the_module() {
    let module = load();
    fs::create_dir(path("one")).unwrap();
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    let mut open = File::open(path("one/text")).unwrap();
    fs::remove_dir(path("one")).unwrap();
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    // The folder is gone.
    assert_eq!(self::errno(open.read(&mut [0; 8])), Errno::ENOENT);
    drop(open);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn removing_a_folder_waits_for_its_readers() {
    let mut log = KernelLog::since_now();
    let module = load();
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..10 {
                    match fs::read_to_string(path("one/slow")) {
                        Ok(text) => assert_eq!(text, "alive\n"),
                        Err(error) => assert_eq!(Errno::of(&error), Some(Errno::ENOENT)),
                    }
                }
            });
        }
        for _ in 0..4 {
            fs::create_dir(path("one")).unwrap();
            thread::sleep(Duration::from_millis(150));
            fs::remove_dir(path("one")).unwrap();
        }
    });
    module.unload().unwrap();
    assert!(!log.contains("used after it was dropped"));
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn many_make_and_remove_folders_at_once() {
    let module = load();
    thread::scope(|scope| {
        for user in 0..64 {
            scope.spawn(move || {
                for turn in 0..5 {
                    let name = format!("{user}-{turn}");
                    fs::create_dir(path(&name)).unwrap();
                    store(&format!("{name}/text"), name.as_bytes()).unwrap();
                    assert_eq!(text(&format!("{name}/text")), name);
                    fs::remove_dir(path(&name)).unwrap();
                }
            });
        }
    });
    assert_eq!(text("made"), "0\n");
    module.unload().unwrap();
}
