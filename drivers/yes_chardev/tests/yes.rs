// SPDX-License-Identifier: GPL-2.0-only

//! What `/dev/yes` is, and what it says to its readers, however they read.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use koxide_guest::{
    BadPointer, Blocked, Epoll, Errno, Guarded, HUGE, Module, Ready, as_user, crowd, ioctl,
};

const DEVICE: &str = "/dev/yes";

fn load() -> Module {
    Module::load("yes_chardev", "").unwrap()
}

fn open() -> File {
    File::open(DEVICE).unwrap()
}

/// What yes(1) would have written from a position on.
fn expected(position: usize, length: usize) -> Vec<u8> {
    (position..position + length)
        .map(|at| if at % 2 == 0 { b'y' } else { b'\n' })
        .collect()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn its_number_has_its_name_and_its_node_appears_by_itself() {
    let module = load();
    let devices = fs::read_to_string("/proc/devices").unwrap();
    let line = devices.lines().find(|line| line.ends_with(" yes")).unwrap();
    let major: u64 = line.trim_start().trim_end_matches(" yes").parse().unwrap();
    let node = fs::metadata(DEVICE).unwrap();
    assert!(node.file_type().is_char_device());
    assert_eq!((node.rdev() >> 8, node.rdev() & 0xff), (major, 0));
    assert_eq!(node.mode() & 0o7777, 0o444);
    assert!(Path::new("/sys/class/yes/yes").exists());
    as_user(1000, || assert_eq!(open().read(&mut [0; 2]).unwrap(), 2));
    module.unload().unwrap();
    assert!(!Path::new(DEVICE).exists());
    assert!(
        !fs::read_to_string("/proc/devices")
            .unwrap()
            .contains(" yes")
    );
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn reads_of_any_size_say_yes() {
    let module = load();
    for size in [0, 1, 2, 3, 4095, 4096, 4097, 8192, 8193, 1 << 20] {
        let mut buffer = vec![b'-'; size];
        let read = open().read(&mut buffer).unwrap();
        assert_eq!(read, size);
        assert!(buffer == expected(0, size), "a read of {size} bytes");
    }
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn one_reader_gets_whole_lines_whatever_the_sizes() {
    let module = load();
    let mut file = open();
    let mut position = 0;
    for size in [1, 1, 2, 3, 4095, 4096, 4097, 1, 65537, 1 << 20, 5] {
        let mut buffer = vec![0; size];
        file.read_exact(&mut buffer).unwrap();
        assert!(
            buffer == expected(position, size),
            "{size} bytes at {position}"
        );
        position += size;
    }
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn the_position_decides_what_comes() {
    let module = load();
    let file = open();
    for position in [
        0,
        1,
        2,
        4095,
        4096,
        4097,
        1_000_001,
        i64::MAX as u64 - 10_000,
    ] {
        let mut buffer = vec![0; 5000];
        let read = file.read_at(&mut buffer, position).unwrap();
        assert_eq!(read, buffer.len());
        let parity = usize::try_from(position % 2).unwrap();
        assert!(buffer == expected(parity, 5000), "at {position}");
    }
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn many_readers_do_not_disturb_each_other() {
    let module = load();
    thread::scope(|scope| {
        for reader in 0..16 {
            scope.spawn(move || {
                let mut file = open();
                let size = [1, 7, 4096, 10_000][reader % 4];
                let mut position = 0;
                while position < 200 * size {
                    let mut buffer = vec![0; size];
                    file.read_exact(&mut buffer).unwrap();
                    assert!(buffer == expected(position, size), "reader {reader}");
                    position += size;
                }
            });
        }
    });
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_not_unloaded_while_someone_reads() {
    let module = load();
    let mut file = open();
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    let mut line = [0; 2];
    file.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"y\n");
    drop(file);
    module.unload().unwrap();
    assert!(!Path::new(DEVICE).exists());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_bad_pointer_gets_efault_and_nothing_else() {
    let module = load();
    let file = open();
    for pointer in BadPointer::ALL.into_iter().chain([BadPointer::ReadOnly]) {
        for size in [1, 2, 4096, 4097, 1 << 20] {
            let read = pointer.read(&file, size);
            assert_eq!(read, Err(Errno::EFAULT), "{size} bytes to {pointer:?}");
        }
    }
    // What could be written before the bad page counts as read.
    for room in [1, 2, 4095, 4096, 5000] {
        let mut buffer = Guarded::new(room).unwrap();
        let read = buffer.read(&file, room + 4096).unwrap();
        assert!((1..=room).contains(&read), "{read} of {room}");
    }
    drop(file);
    let mut line = [0; 4];
    open().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"y\ny\n");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_read_of_2_gb_gets_what_there_is_room_for() {
    let module = load();
    let file = open();
    let mut buffer = Guarded::new(1 << 20).unwrap();
    let read = buffer.read(&file, HUGE).unwrap();
    assert!((1..=1 << 20).contains(&read), "{read}");
    assert!(buffer.to_vec()[..read] == expected(0, read));
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_signal_ends_a_long_read() {
    const ROOM: usize = 32 << 20;
    let module = load();
    let reader = Blocked::spawn(|| {
        let mut buffer = Guarded::new(ROOM).unwrap();
        buffer.read(&open(), HUGE).unwrap()
    });
    while !reader.is_finished() {
        reader.interrupt();
        thread::sleep(Duration::from_millis(1));
    }
    let read = reader.join();
    assert!((1..ROOM).contains(&read), "{read}");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sixty_four_processes_read_at_once() {
    if let Some(member) = crowd::member() {
        let mut buffer = vec![0; 10_000 + member];
        let mut file = open();
        for _ in 0..20 {
            file.read_exact(&mut buffer).unwrap();
        }
        let position = 19 * buffer.len();
        assert!(buffer == expected(position, buffer.len()));
        return;
    }
    let module = load();
    crowd::gather(64);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_listens_to_nobody() {
    let module = load();
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(DEVICE)
        .unwrap();
    let refused = file.write(b"no\n").unwrap_err();
    assert_eq!(Errno::of(&refused), Some(Errno::EINVAL));
    assert_eq!(
        ioctl::none(&file, ioctl::io(b'|', 0x80)),
        Err(Errno::ENOTTY)
    );
    drop(file);
    module.unload().unwrap();
}

/// A child process has the file through another descriptor; who polls it need not wait.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn its_duplicates_keep_it_and_it_is_always_ready() {
    if crowd::member().is_some() {
        crowd::inherited().read_exact(&mut [0; 4097]).unwrap();
        thread::sleep(Duration::from_secs(60));
        return;
    }
    let module = load();
    let file = open();
    let ready = Ready::of(&file, Duration::ZERO);
    assert!(ready.read && !ready.error, "{ready:?}");
    assert!(Ready::by_select(&file).read);
    assert_eq!(Epoll::watching(&file).unwrap_err(), Errno::EPERM);
    let mut child = crowd::start_with(0, &file);
    drop(file);
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "it has read");
    child.kill().unwrap();
    child.wait().unwrap();
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_loaded_once() {
    let module = load();
    assert_eq!(Module::load("yes_chardev", "").unwrap_err(), Errno::EEXIST);
    module.unload().unwrap();
}
