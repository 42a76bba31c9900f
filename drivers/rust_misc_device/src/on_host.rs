// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use kernel::{
    fake::{self, File, Loaded},
    fs::flags::O_RDWR,
    prelude::*,
};

use super::{GET_VALUE, HELLO, LARGEST_BUFFER, RustMiscDeviceModule, SET_VALUE};

fn load() -> Loaded<RustMiscDeviceModule> {
    fake::load().unwrap()
}

fn open(module: &Loaded<RustMiscDeviceModule>) -> File {
    module.open("/dev/rust-misc-device", O_RDWR).unwrap()
}

#[test]
fn what_is_written_is_read() {
    let module = load();
    let file = open(&module);
    let mut buffer = [0; 8];
    assert_eq!(file.read(&mut buffer), Ok(0));
    assert_eq!(file.write(b"hello"), Ok(5));
    assert_eq!(file.read(&mut buffer), Ok(5));
    assert_eq!(&buffer, b"hello\0\0\0");
    assert_eq!(file.read(&mut buffer), Ok(0));
    // Each file has a buffer of its own.
    assert_eq!(open(&module).read(&mut buffer), Ok(0));
    drop(file);
    let log = module.log();
    assert_eq!(log[0], "rust_misc_device: the module is loaded");
    assert_eq!(log[1], "misc rust-misc-device: opened by uid 0");
    assert_eq!(log.last().unwrap(), "misc rust-misc-device: closed");
}

#[test]
fn a_value_is_set_and_got() {
    let module = load();
    let file = open(&module);
    assert_eq!(file.ioctl(HELLO, 0), Ok(100));
    assert_eq!(
        file.ioctl_with(SET_VALUE, &mut (-3i32).to_ne_bytes()),
        Ok(0)
    );
    let mut value = [0; 4];
    assert_eq!(file.ioctl_with(GET_VALUE, &mut value), Ok(0));
    assert_eq!(i32::from_ne_bytes(value), -3);
    // A bad address, one that is good for a part, and a command that nobody knows.
    assert_eq!(file.ioctl(GET_VALUE, 0x10), Err(EFAULT));
    assert_eq!(file.ioctl_with(SET_VALUE, &mut [0; 3]), Err(EFAULT));
    assert_eq!(file.ioctl(1, 0), Err(ENOTTY));
}

#[test]
fn threads_share_a_file() {
    let module = load();
    let file = open(&module);
    std::thread::scope(|scope| {
        for value in 1..=3i32 {
            let file = &file;
            scope.spawn(move || {
                let mut got = [0; 4];
                assert_eq!(file.ioctl_with(SET_VALUE, &mut value.to_ne_bytes()), Ok(0));
                assert_eq!(file.ioctl_with(GET_VALUE, &mut got), Ok(0));
                assert!((1..=3).contains(&i32::from_ne_bytes(got)));
            });
        }
    });
}

#[test]
fn too_much_is_refused_and_leaves_the_content() {
    let module = load();
    let file = open(&module);
    assert_eq!(file.write(b"old"), Ok(3));
    let large = std::vec![0; LARGEST_BUFFER + 1];
    assert_eq!(file.write(&large), Err(EFBIG));
    fake::fail_allocation(1);
    assert_eq!(file.write(b"new"), Err(ENOMEM));
    let mut buffer = [0; 3];
    assert_eq!(file.read(&mut buffer), Ok(3));
    assert_eq!(&buffer, b"old");
}

#[test]
fn each_allocation_may_fail() {
    load().unload();
    for which in 1..=fake::allocations() {
        fake::fail_allocation(which);
        assert_eq!(fake::load::<RustMiscDeviceModule>().err(), Some(ENOMEM));
    }
    let module = load();
    fake::fail_allocation(1);
    let opened = module.open("/dev/rust-misc-device", O_RDWR);
    assert_eq!(opened.err(), Some(ENOMEM));
}
