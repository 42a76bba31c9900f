// SPDX-License-Identifier: GPL-2.0-only

//! File operations and options of devices as user space sees them.
#![forbid(unsafe_code)]

use std::fs::OpenOptions;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::Duration;

use koxide_guest::{
    Blocked, Errno, Mapping, Module, Ready, compat, crowd, errno, ioctl, page_size,
};

const SIZED: &str = "/dev/koxide-sized";
const PLAIN: &str = "/dev/koxide-plain";
const MAPPED: &str = "/dev/koxide-mapped";

fn load() -> Module {
    Module::load("koxide_selftest", "").unwrap()
}

fn mapped() -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(MAPPED).unwrap()
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
    // Without a `compat_ioctl` the other one is called, with an address of all bits.
    assert_eq!(
        ioctl::value(&plain, request, (8 << (usize::BITS / 2)) - 16),
        Ok(8)
    );
    let compat = |file, expected| {
        let expected = compat::is_there().then_some(expected).ok_or(Errno::ENOSYS);
        assert_eq!(ioctl::compat(file, request, 0xffff_fff0), expected);
    };
    compat(&sized, 32);
    compat(&plain, 1);
    drop((sized, plain));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn only_who_has_called_has_user_memory() {
    let module = load();
    let sized = File::open(SIZED).unwrap();
    let byte = std::hint::black_box(42u8);
    let address = std::ptr::from_ref(&byte).addr();
    let read = |number| ioctl::value(&sized, ioctl::io(b'|', number), address);
    assert_eq!(read(2), Ok(42));
    // A kernel thread and an interrupt: they would find the memory of whoever was on the CPU.
    assert_eq!(read(3), Err(Errno::EFAULT));
    assert_eq!(read(4), Err(Errno::EFAULT));
    drop(sized);
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

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn pages_are_shared_with_user_space() {
    let module = load();
    let mut file = mapped();
    let mut both = Mapping::shared(&file, 0, 2).unwrap();
    let mut second = Mapping::shared(&file, 1, 1).unwrap();
    let page = page_size();
    let beyond = Mapping::shared(&file, 2, 2).unwrap_err();
    assert_eq!(beyond, Errno::ENXIO);
    assert_eq!((both.get(0), both.get(2 * page - 1)), (0, 0));
    file.write_all(b"hello").unwrap();
    assert_eq!((both.get(0), both.get(4)), (b'h', b'o'));
    both.set(1, b'a');
    second.set(7, 42);
    assert_eq!(both.get(page + 7), 42);
    let mut content = vec![0; 2 * page];
    file.read_exact_at(&mut content, 0).unwrap();
    assert_eq!((&content[..5], content[page + 7]), (&b"hallo"[..], 42));
    // A mapping outlives its file's descriptor, and keeps the module.
    drop(file);
    let (module, busy) = module.unload().unwrap_err();
    assert_eq!((busy, second.get(7)), (Errno::EAGAIN, 42));
    drop((both, second));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_a_mapping_is_not_for_is_refused() {
    let module = load();
    let file = mapped();
    let mut read_only = Mapping::read_only(&file, 0, 1).unwrap();
    assert_eq!(read_only.get(0), 0);
    assert_eq!(read_only.allow_writing(), Err(Errno::EACCES));
    let plain = File::open(PLAIN).unwrap();
    let refused = Mapping::read_only(&plain, 0, 1).unwrap_err();
    assert_eq!(refused, Errno::ENODEV);
    drop((file, plain, read_only));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_page_that_is_not_there_is_sigbus() {
    if crowd::member().is_some() {
        // The third page. What is expected is the end of this process.
        let there = Mapping::shared(&mapped(), 2, 1).unwrap();
        println!("{}", there.get(0));
        return;
    }
    let module = load();
    let died = std::panic::catch_unwind(|| crowd::gather(1)).unwrap_err();
    let message = died.downcast_ref::<String>().unwrap();
    assert!(message.contains("signal: 7 (SIGBUS)"), "{message}");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_poll_waits_until_the_file_is_ready() {
    let module = load();
    let file = mapped();
    let now = |file: &File| Ready::of(file, Duration::ZERO);
    let wanted = |read, error: bool| Ready {
        read,
        write: !error,
        error,
    };
    assert_eq!(now(&file), wanted(false, false));
    let other = file.try_clone().unwrap();
    let waiting = Blocked::spawn(move || Ready::to_read(&other, Duration::from_secs(20)));
    waiting.wait_asleep();
    (&file).write_all(b"x").unwrap();
    assert!(waiting.join().read);
    assert_eq!(now(&file), wanted(true, false));
    // What fails is an error.
    (&file).write_all(b"x").unwrap();
    assert_eq!(now(&file), wanted(false, true));
    // Without a poll operation a file is always ready.
    let plain = File::open(PLAIN).unwrap();
    assert_eq!(now(&plain), wanted(true, false));
    drop((file, plain));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_file_says_something_about_itself() {
    let module = load();
    let file = mapped();
    (&file).write_all(b"x").unwrap();
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap();
    assert!(info.contains("\nwrites:\t1\nwritable:\ttrue\n"), "{info}");
    drop(file);
    module.unload().unwrap();
}
