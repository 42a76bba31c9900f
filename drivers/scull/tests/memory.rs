// SPDX-License-Identifier: GPL-2.0-only

//! The memory devices as user space sees them.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use koxide_guest::holes::{next_data, next_hole};
use koxide_guest::{BadPointer, Errno, Guarded, HUGE, Module, as_user, crowd, errno, ioctl};

const SCULL: [&str; 4] = ["/dev/scull0", "/dev/scull1", "/dev/scull2", "/dev/scull3"];
const UID: &str = "/dev/sculluid";
const WUID: &str = "/dev/scullwuid";

const USED: u32 = ioctl::ior::<u64>(b'k', 1);
const O_NONBLOCK: i32 = 0o4000;

fn load(params: &str) -> Module {
    Module::load("scull", params).unwrap()
}

fn open(path: &str) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(path).unwrap()
}

/// How many bytes of memory a device uses.
fn used(file: &File) -> u64 {
    let mut used = [0; 8];
    ioctl::bytes(file, USED, &mut used).unwrap();
    u64::from_ne_bytes(used)
}

/// Bytes that are others at each position.
fn pattern(position: usize, length: usize) -> Vec<u8> {
    (position..position + length)
        .map(|at| (at % 251) as u8)
        .collect()
}

fn content(path: &str) -> Vec<u8> {
    fs::read(path).unwrap()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn the_nodes_appear_and_go() {
    let module = load("");
    let major = fs::metadata(SCULL[0]).unwrap().rdev() >> 8;
    for (minor, name) in ["scull0", "scull3", "scullpipe0", "scullpipe3", "sculluid"]
        .into_iter()
        .zip([0, 3, 4, 7, 8])
        .map(|(name, minor)| (minor, name))
    {
        let node = fs::metadata(format!("/dev/{name}")).unwrap();
        assert_eq!(node.rdev(), major << 8 | minor, "{name}");
        assert_eq!(node.mode() & 0o7777, 0o666, "{name}");
    }
    let devices = fs::read_to_string("/proc/devices").unwrap();
    assert!(devices.contains(&format!("{major} scull\n")), "{devices}");
    module.unload().unwrap();
    assert!(!Path::new(SCULL[0]).exists());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_written_stays_until_it_is_written_over() {
    let module = load("");
    for size in [0, 1, 3999, 4000, 4001, 4095, 4097, 100_000] {
        fs::write(SCULL[0], pattern(0, size)).unwrap();
        assert!(content(SCULL[0]) == pattern(0, size), "{size} bytes");
    }
    // Each device has its own.
    fs::write(SCULL[1], b"other").unwrap();
    assert_eq!(content(SCULL[0]).len(), 100_000);
    let mut append = OpenOptions::new().append(true).open(SCULL[1]).unwrap();
    append.write_all(b" and more").unwrap();
    append.write_all(b"!").unwrap();
    assert_eq!(content(SCULL[1]), b"other and more!");
    // Opening to write forgets what was there, and gives its memory back.
    drop(File::create(SCULL[0]).unwrap());
    assert!(content(SCULL[0]).is_empty());
    assert_eq!(used(&open(SCULL[0])), 0);
    drop(append);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn positions_are_kept_and_sought() {
    let module = load("quantum=7 qset=3");
    let mut file = open(SCULL[2]);
    file.write_all(&pattern(0, 100)).unwrap();
    assert_eq!(file.seek(SeekFrom::Start(40)).unwrap(), 40);
    file.write_all(b"here").unwrap();
    assert_eq!(file.seek(SeekFrom::Current(-5)).unwrap(), 39);
    let mut bytes = [0; 6];
    file.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"\x27here\x2c");
    assert_eq!(file.seek(SeekFrom::End(5)).unwrap(), 105);
    assert_eq!(file.read(&mut bytes).unwrap(), 0);
    file.write_all(b"!").unwrap();
    let all = content(SCULL[2]);
    assert_eq!((all.len(), &all[100..]), (106, &b"\0\0\0\0\0!"[..]));
    for bad in [SeekFrom::Current(-1000), SeekFrom::End(i64::MAX)] {
        assert_eq!(errno(file.seek(bad)), Some(Errno::EINVAL), "{bad:?}");
    }
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn holes_take_no_memory() {
    let module = load("");
    let file = open(SCULL[0]);
    let far = (1 << 62) + 12_345;
    file.write_all_at(b"far", far).unwrap();
    assert!(used(&file) < 40_000, "{}", used(&file));
    let mut bytes = [1; 10];
    file.read_exact_at(&mut bytes, 1 << 40).unwrap();
    assert_eq!(bytes, [0; 10]);
    file.read_exact_at(&mut bytes[..4], far - 1).unwrap();
    assert_eq!(&bytes[..4], b"\0far");
    // The last position there is has no byte.
    let last = u64::try_from(i64::MAX).unwrap();
    assert_eq!(file.write_at(b"a", last - 1).unwrap(), 1);
    assert!(file.write_at(b"a", last).is_err());
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn data_and_holes_are_found() {
    let module = load("quantum=10 qset=3");
    let mut file = open(SCULL[1]);
    assert_eq!(next_hole(&file, 0), Err(Errno::ENXIO));
    let far = 1_000_000_000_000_i64;
    // The sets are added in another order than that of their positions.
    for position in [far, 15, 20, 75] {
        file.write_all_at(b"a", position.unsigned_abs()).unwrap();
    }
    for (from, data) in [(0, 10), (10, 10), (17, 17), (29, 29), (30, 70), (80, far)] {
        assert_eq!(next_data(&file, from), Ok(data), "from {from}");
        assert_eq!(file.stream_position().unwrap(), data.unsigned_abs());
    }
    for (from, hole) in [(0, 0), (10, 30), (29, 30), (35, 35), (70, 80)] {
        assert_eq!(next_hole(&file, from), Ok(hole), "from {from}");
        assert_eq!(file.stream_position().unwrap(), hole.unsigned_abs());
    }
    // The last quantum goes on after the end, which is where the hole begins.
    assert_eq!(next_hole(&file, far), Ok(far + 1));
    for outside in [far + 1, i64::MAX, -1] {
        assert_eq!(next_data(&file, outside), Err(Errno::ENXIO), "{outside}");
        assert_eq!(next_hole(&file, outside), Err(Errno::ENXIO), "{outside}");
    }
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn appending_ends_where_positions_end() {
    let module = load("");
    let file = open(SCULL[2]);
    let last = i64::MAX.unsigned_abs();
    file.write_all_at(b"a", last - 3).unwrap();
    let mut append = OpenOptions::new().append(true).open(SCULL[2]).unwrap();
    assert_eq!(append.write(b"").unwrap(), 0);
    assert_eq!(append.write(b"bcd").unwrap(), 2);
    append.rewind().unwrap();
    assert_eq!(errno(append.write(b"d")), Some(Errno::EFBIG));
    let mut end = [0; 3];
    file.read_exact_at(&mut end, last - 3).unwrap();
    assert_eq!(&end, b"abc");
    drop((file, append));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_quota_ends_a_write() {
    let module = load("quota=100000");
    let mut file = open(SCULL[0]);
    let written = file.write(&vec![7; 1 << 20]).unwrap();
    assert!((1..100_000).contains(&written), "{written}");
    assert!(used(&file) <= 100_000);
    assert_eq!(errno(file.write(b"more")), Some(Errno::ENOSPC));
    assert!(content(SCULL[0]) == vec![7; written]);
    // What is there can be written over, and another device has its own quota.
    file.write_all_at(b"again", 0).unwrap();
    fs::write(SCULL[1], b"room").unwrap();
    drop(File::create(SCULL[0]).unwrap());
    file.rewind().unwrap();
    file.write_all(b"new").unwrap();
    assert_eq!(content(SCULL[0]), b"new");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn bad_pointers_and_sizes_change_nothing() {
    let module = load("");
    let file = open(SCULL[0]);
    file.write_all_at(&pattern(0, 10_000), 0).unwrap();
    for pointer in BadPointer::ALL {
        for size in [1, 4095, 4097, 1 << 20] {
            assert_eq!(pointer.read(&file, size), Err(Errno::EFAULT), "{pointer:?}");
            assert_eq!(
                pointer.write(&file, size),
                Err(Errno::EFAULT),
                "{pointer:?}"
            );
        }
        let request = ioctl::bad_pointer(&file, USED, pointer);
        assert_eq!(request, Err(Errno::EFAULT), "{pointer:?}");
    }
    assert_eq!(ioctl::none(&file, ioctl::io(b'k', 9)), Err(Errno::ENOTTY));
    assert!(content(SCULL[0]) == pattern(0, 10_000));
    // What there is room for counts.
    let mut buffer = Guarded::new(5000).unwrap();
    let read = buffer.read(&file, HUGE).unwrap();
    assert!((1..=5000).contains(&read), "{read}");
    assert!(buffer.to_vec()[..read] == pattern(0, read));
    let source = Guarded::new(5000).unwrap();
    let written = source.write(&file, HUGE).unwrap();
    assert!((1..=5000).contains(&written), "{written}");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn parameters_that_are_no_shape_are_refused() {
    for params in ["quantum=0", "qset=0", "quantum=2000000", "pipe_buffer=0"] {
        let refused = Module::load("scull", params).unwrap_err();
        assert_eq!(refused, Errno::EINVAL, "{params}");
    }
    assert!(!Path::new(SCULL[0]).exists());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_loaded_once_and_stays_while_it_is_open() {
    let module = load("");
    assert_eq!(Module::load("scull", "").unwrap_err(), Errno::EEXIST);
    let file = open(SCULL[3]);
    let (module, busy) = module.unload().unwrap_err();
    assert_eq!(busy, Errno::EAGAIN);
    file.write_all_at(b"still", 0).unwrap();
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sixty_four_processes_write_each_their_own_part() {
    const PART: usize = 5000;
    if let Some(member) = crowd::member() {
        let (file, start) = (open(SCULL[0]), member * PART);
        for _ in 0..5 {
            file.write_all_at(&pattern(start, PART), start as u64)
                .unwrap();
            let mut part = vec![0; PART];
            file.read_exact_at(&mut part, start as u64).unwrap();
            assert!(part == pattern(start, PART));
        }
        return;
    }
    let module = load("quantum=512 qset=16");
    crowd::gather(64);
    assert!(content(SCULL[0]) == pattern(0, 64 * PART));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn one_user_at_a_time_has_it() {
    let module = load("");
    let mine = open(UID);
    let again = open(UID);
    let refused = as_user(1000, || errno(File::open(UID)));
    assert_eq!(refused, Some(Errno::EBUSY));
    drop(mine);
    assert_eq!(as_user(1000, || errno(File::open(UID))), Some(Errno::EBUSY));
    drop(again);
    let theirs = as_user(1000, || File::open(UID).unwrap());
    assert_eq!(errno(File::open(UID)), Some(Errno::EBUSY));
    drop(theirs);
    drop(open(UID));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn duplicates_of_a_descriptor_are_one_open_file() {
    if crowd::member().is_some() {
        let mut file = crowd::inherited();
        file.write_all(b"child").unwrap();
        // Lives as long as the parent wants.
        thread::sleep(Duration::from_secs(60));
        return;
    }
    let module = load("");
    let mut file = open(UID);
    file.write_all(b"parent ").unwrap();
    let mut child = crowd::start_with(0, &file);
    while content(UID).len() < 12 {
        assert!(child.try_wait().unwrap().is_none());
        thread::sleep(Duration::from_millis(10));
    }
    // The position is one for all, and so is what the file holds.
    let mut same = file.try_clone().unwrap();
    same.write_all(b" both").unwrap();
    drop((file, same));
    assert_eq!(content(UID), b"parent child both");
    assert_eq!(as_user(1000, || errno(File::open(UID))), Some(Errno::EBUSY));
    let (module, busy) = module.unload().unwrap_err();
    assert_eq!(busy, Errno::EAGAIN);
    // The last descriptor is that of a process which is killed.
    child.kill().unwrap();
    child.wait().unwrap();
    as_user(1000, || drop(File::open(UID).unwrap()));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn who_comes_second_waits() {
    if crowd::member().is_some() {
        as_user(1000, || drop(File::open(WUID).unwrap()));
        return;
    }
    let module = load("");
    let mine = open(WUID);
    let mut without_waiting = OpenOptions::new();
    without_waiting.read(true).custom_flags(O_NONBLOCK);
    let refused = as_user(1000, || errno(without_waiting.open(WUID)));
    assert_eq!(refused, Some(Errno::EAGAIN));
    let theirs = thread::spawn(|| as_user(1000, || drop(File::open(WUID).unwrap())));
    thread::sleep(Duration::from_millis(200));
    assert!(!theirs.is_finished());
    drop(mine);
    theirs.join().unwrap();
    // Who waits can be killed.
    let mine = open(WUID);
    let mut theirs = crowd::start(0);
    thread::sleep(Duration::from_millis(500));
    assert!(theirs.try_wait().unwrap().is_none());
    theirs.kill().unwrap();
    assert!(!theirs.wait().unwrap().success());
    drop(mine);
    drop(open(WUID));
    module.unload().unwrap();
}
