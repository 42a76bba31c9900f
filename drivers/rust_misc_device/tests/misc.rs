// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/rust-misc-device` as user space sees it: who opens it, its ioctls, reads and writes.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use koxide_guest::{
    BadPointer, Epoll, Errno, Guarded, HUGE, KernelLog, Module, Ready, as_user, crowd, ioctl,
};

const NAME: &str = "rust_misc_device";
const DEVICE: &str = "/dev/rust-misc-device";

const HELLO: u32 = ioctl::io(b'|', 0x80);
const GET: u32 = ioctl::ior::<i32>(b'|', 0x81);
const SET: u32 = ioctl::iow::<i32>(b'|', 0x82);

fn load() -> Module {
    Module::load(NAME, "").unwrap()
}

fn open() -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(DEVICE)
        .unwrap()
}

fn get(file: &File) -> Result<i32, Errno> {
    ioctl::with_i32(file, GET, 0)
}

fn set(file: &File, value: i32) -> Result<i32, Errno> {
    ioctl::with_i32(file, SET, value)
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_logs_who_opens_it() {
    let module = load();
    let mut log = KernelLog::since_now();
    drop(open());
    log.wait_for("opened by uid 0");
    let refused = as_user(1000, || File::open(DEVICE).map(drop));
    assert_eq!(Errno::of(&refused.unwrap_err()), Some(Errno::EACCES));
    fs::set_permissions(DEVICE, Permissions::from_mode(0o666)).unwrap();
    for uid in [1, 1000, 65534] {
        as_user(uid, || drop(open()));
        log.wait_for(&format!("opened by uid {uid}"));
    }
    log.wait_for("closed");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn hello_returns_100() {
    let module = load();
    let file = open();
    let mut log = KernelLog::since_now();
    assert_eq!(ioctl::none(&file, HELLO), Ok(100));
    log.wait_for("hello from the misc device");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_open_file_has_its_value() {
    let module = load();
    let (one, two) = (open(), open());
    assert_eq!((get(&one), get(&two)), (Ok(0), Ok(0)));
    for value in [1, -1, i32::MIN, i32::MAX] {
        set(&one, value).unwrap();
        assert_eq!((get(&one), get(&two)), (Ok(value), Ok(0)));
    }
    drop((one, two));
    assert_eq!(get(&open()), Ok(0));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_it_does_not_know_gets_enotty() {
    let module = load();
    let file = open();
    let mut log = KernelLog::since_now();
    for unknown in [
        ioctl::io(b'|', 0x83),
        ioctl::io(b'?', 0x80),
        ioctl::io(b'|', 0x81),
        ioctl::ior::<u64>(b'|', 0x81),
        ioctl::iow::<[u8; 3]>(b'|', 0x82),
        ioctl::iowr::<i32>(b'|', 0x82),
    ] {
        assert_eq!(
            ioctl::bad_pointer(&file, unknown, BadPointer::Kernel),
            Err(Errno::ENOTTY)
        );
        assert_eq!(
            ioctl::value(&file, unknown, 7),
            Err(Errno::ENOTTY),
            "{unknown:#x}"
        );
    }
    log.wait_for("is not known");
    assert_eq!(get(&file), Ok(0));
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_bad_pointer_gets_efault_and_changes_nothing() {
    let module = load();
    let mut file = open();
    set(&file, 42).unwrap();
    file.write_all(b"kept").unwrap();
    for pointer in BadPointer::ALL {
        assert_eq!(
            ioctl::bad_pointer(&file, GET, pointer),
            Err(Errno::EFAULT),
            "get {pointer:?}"
        );
        assert_eq!(
            ioctl::bad_pointer(&file, SET, pointer),
            Err(Errno::EFAULT),
            "set {pointer:?}"
        );
        for size in [1, 4096, 4097, 1 << 20] {
            assert_eq!(
                pointer.write(&file, size),
                Err(Errno::EFAULT),
                "write {pointer:?}"
            );
        }
        assert_eq!(
            pointer.read(&file, 4),
            Err(Errno::EFAULT),
            "read {pointer:?}"
        );
    }
    let read_only = BadPointer::ReadOnly;
    assert_eq!(
        ioctl::bad_pointer(&file, GET, read_only),
        Err(Errno::EFAULT)
    );
    assert_eq!(read_only.read(&file, 4), Err(Errno::EFAULT));
    assert_eq!(get(&file), Ok(42));
    let mut kept = String::new();
    file.read_to_string(&mut kept).unwrap();
    assert_eq!(kept, "kept");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn an_argument_that_ends_too_early_gets_efault() {
    let module = load();
    let file = open();
    set(&file, 42).unwrap();
    for room in 0..4 {
        let mut short = vec![0; room];
        assert_eq!(
            ioctl::bytes(&file, SET, &mut short),
            Err(Errno::EFAULT),
            "{room} bytes"
        );
        assert_eq!(
            ioctl::bytes(&file, GET, &mut short),
            Err(Errno::EFAULT),
            "{room} bytes"
        );
    }
    assert_eq!(get(&file), Ok(42));
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_written_can_be_read() {
    let module = load();
    let mut file = open();
    let mut all = Vec::new();
    file.read_to_end(&mut all).unwrap();
    assert!(all.is_empty());
    let large: Vec<u8> = (0..1 << 20).map(|n: u32| n.to_le_bytes()[1]).collect();
    for content in [&b"hello"[..], b"", b"shorter", &large] {
        assert_eq!(file.write(content).unwrap(), content.len());
        let mut read = Vec::new();
        file.read_to_end(&mut read).unwrap();
        assert!(read == content, "{} bytes", content.len());
    }
    assert!(
        open().read(&mut [0; 1]).unwrap() == 0,
        "another open file has a buffer of its own"
    );
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_write_that_is_too_large_is_refused() {
    let module = load();
    let mut file = open();
    let refused = file.write(&vec![0; (1 << 20) + 1]).unwrap_err();
    assert_eq!(Errno::of(&refused), Some(Errno::EFBIG));
    let two_gb = Guarded::new(1).unwrap().write(&file, HUGE);
    assert_eq!(two_gb, Err(Errno::EFBIG));
    file.write_all(b"kept").unwrap();
    let mut buffer = Guarded::new(4).unwrap();
    assert_eq!(buffer.read(&file, HUGE), Ok(4));
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_buffer_that_ends_too_early_is_used_up_to_its_end() {
    let module = load();
    let mut file = open();
    let source = Guarded::new(100).unwrap();
    let written = source.write(&file, 8000).unwrap();
    assert!((1..=100).contains(&written), "{written}");
    let mut read = Vec::new();
    file.read_to_end(&mut read).unwrap();
    assert_eq!(read, vec![0; written]);
    file.write_all(&[7; 8000]).unwrap();
    let mut target = Guarded::new(100).unwrap();
    let read = target.read(&file, 8000).unwrap();
    assert!((1..=100).contains(&read), "{read}");
    assert_eq!(target.to_vec()[..read], vec![7; read]);
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn many_users_of_one_file_do_not_mix_their_values() {
    let module = load();
    let file = open();
    thread::scope(|scope| {
        for user in 1..=8 {
            let file = &file;
            // Each byte of a value is the same: one that is half another's shows.
            let value = i32::from_ne_bytes([user; 4]);
            scope.spawn(move || {
                for _ in 0..50 {
                    set(file, value).unwrap();
                    let bytes = get(file).unwrap().to_ne_bytes();
                    assert!(
                        bytes
                            .iter()
                            .all(|byte| *byte == bytes[0] && (1..=8).contains(byte))
                    );
                }
            });
        }
    });
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sixty_four_processes_have_each_their_own() {
    if let Some(member) = crowd::member() {
        let mut file = open();
        let content = vec![u8::try_from(member).unwrap(); 4095 + member];
        for round in 0..5 {
            set(&file, round).unwrap();
            file.write_all(&content).unwrap();
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            assert!(read == content && get(&file) == Ok(round));
        }
        return;
    }
    let module = load();
    crowd::gather(64);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn duplicates_of_a_descriptor_have_one_value() {
    if crowd::member().is_some() {
        let file = crowd::inherited();
        assert_eq!(get(&file), Ok(7));
        set(&file, 8).unwrap();
        return;
    }
    let module = load();
    let file = open();
    set(&file, 7).unwrap();
    let child = crowd::start_with(0, &file);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let same = file.try_clone().unwrap();
    drop(file);
    assert_eq!(get(&same), Ok(8));
    let ready = Ready::of(&same, Duration::ZERO);
    assert!(ready.read && ready.write && !ready.error, "{ready:?}");
    assert_eq!(Ready::by_select(&same), ready);
    assert_eq!(Epoll::watching(&same).unwrap_err(), Errno::EPERM);
    drop(same);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_stays_while_it_is_open_and_leaves_nothing() {
    let module = load();
    assert_eq!(Module::load(NAME, "").unwrap_err(), Errno::EEXIST);
    let file = open();
    let (module, errno) = module.unload().unwrap_err();
    assert_eq!(errno, Errno::EAGAIN);
    assert_eq!(ioctl::none(&file, HELLO), Ok(100));
    drop(file);
    module.unload().unwrap();
    assert!(!Path::new(DEVICE).exists());
    assert!(!Module::is_loaded(NAME));
}
