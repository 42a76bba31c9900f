// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use kernel::{
    fake,
    fs::flags::{O_RDONLY, O_RDWR},
    prelude::*,
};

use super::{SAID, YesModule};

#[test]
fn readers_get_lines() {
    let module = fake::load::<YesModule>().unwrap();
    let file = module.open("/dev/yes", O_RDONLY).unwrap();
    let mut buffer = [0; 5];
    assert_eq!(file.read(&mut buffer), Ok(5));
    assert_eq!(&buffer, b"y\ny\ny");
    // The next read goes on where this one ended.
    assert_eq!(file.read(&mut buffer), Ok(5));
    assert_eq!(&buffer, b"\ny\ny\n");
    let mut pages = [0; 2 * SAID + 1];
    assert_eq!(file.read(&mut pages), Ok(pages.len()));
    assert!(pages.chunks_exact(2).all(|line| line == b"y\n"));
}

#[test]
fn nobody_writes() {
    let module = fake::load::<YesModule>().unwrap();
    let file = module.open("/dev/yes", O_RDWR).unwrap();
    assert_eq!(file.write(b"no"), Err(EINVAL));
    assert_eq!(file.ioctl(1, 0), Err(ENOTTY));
}

#[test]
fn a_device_that_is_gone_cannot_be_opened() {
    let path = "/dev/yes";
    let module = fake::load::<YesModule>().unwrap();
    assert!(module.open(path, O_RDONLY).is_ok());
    assert_eq!(module.open("/dev/no", O_RDONLY).err(), Some(ENOENT));
    module.unload();
    let again = fake::load::<YesModule>().unwrap();
    assert!(again.open(path, O_RDONLY).is_ok());
}

#[test]
fn each_allocation_may_fail() {
    fake::load::<YesModule>().unwrap().unload();
    let allocations = fake::allocations();
    assert!(allocations >= 5);
    for which in 1..=allocations {
        fake::fail_allocation(which);
        assert_eq!(fake::load::<YesModule>().err(), Some(ENOMEM), "{which}");
    }
}
