// SPDX-License-Identifier: GPL-2.0-only

//! File operations and options of devices as user space sees them.
#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};

use koxide_guest::{Errno, Module, ioctl};

const SIZED: &str = "/dev/koxide-sized";
const PLAIN: &str = "/dev/koxide-plain";

fn load() -> Module {
    Module::load("koxide_selftest", "").unwrap()
}

fn errno<T: std::fmt::Debug>(result: std::io::Result<T>) -> Option<Errno> {
    Errno::of(&result.unwrap_err())
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn seeks_move_the_file() {
    let module = load();
    let mut file = File::open(SIZED).unwrap();
    let mut next = |seek: SeekFrom| {
        let position = file.seek(seek)?;
        let mut byte = [255];
        file.read_exact(&mut byte)?;
        Ok::<_, std::io::Error>((position, byte[0]))
    };
    assert_eq!(next(SeekFrom::Start(7)).unwrap(), (7, 7));
    assert_eq!(next(SeekFrom::Current(-1)).unwrap(), (7, 7));
    assert_eq!(next(SeekFrom::Current(2)).unwrap(), (10, 10));
    assert_eq!(next(SeekFrom::End(-1)).unwrap(), (99, 99));
    for bad in [
        SeekFrom::Start(101),
        SeekFrom::Start(1 << 63),
        SeekFrom::Current(-101),
        SeekFrom::Current(i64::MAX),
        SeekFrom::Current(i64::MIN),
        SeekFrom::End(1),
        SeekFrom::Current(-1000),
    ] {
        assert_eq!(errno(next(bad)), Some(Errno::EINVAL), "{bad:?}");
    }
    assert_eq!(file.stream_position().unwrap(), 100);
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_file_without_llseek_has_no_position_to_set() {
    let module = load();
    let mut file = File::open(PLAIN).unwrap();
    for seek in [SeekFrom::Start(0), SeekFrom::Current(0), SeekFrom::End(0)] {
        assert_eq!(errno(file.seek(seek)), Some(Errno::ESPIPE), "{seek:?}");
    }
    assert_eq!(errno(file.read(&mut [0])), Some(Errno::EINVAL));
    let mut byte = [0];
    let sized = File::open(SIZED).unwrap();
    sized.read_exact_at(&mut byte, 42).unwrap();
    assert_eq!(byte, [42]);
    drop((file, sized));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_32_bit_program_has_ioctls_of_its_own() {
    let module = load();
    let (sized, plain) = (File::open(SIZED).unwrap(), File::open(PLAIN).unwrap());
    let request = ioctl::io(b'|', 1);
    assert_eq!(ioctl::value(&sized, request, 0xffff_fff0), Ok(64));
    assert_eq!(ioctl::compat(&sized, request, 0xffff_fff0), Ok(32));
    // Without a `compat_ioctl` the other one is called, with an address of 64 bits.
    assert_eq!(ioctl::value(&plain, request, 0x7_ffff_fff0), Ok(8));
    assert_eq!(ioctl::compat(&plain, request, 0xffff_fff0), Ok(1));
    drop((sized, plain));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_node_has_the_mode_and_the_minor_that_were_asked_for() {
    let module = load();
    let sized = fs::metadata(SIZED).unwrap();
    assert_eq!(sized.mode() & 0o7777, 0o640);
    assert_eq!(sized.rdev(), 10 << 8 | 250, "major 10, minor 250");
    let plain = fs::metadata(PLAIN).unwrap();
    assert_eq!(plain.mode() & 0o7777, 0o666);
    module.unload().unwrap();
}
