// SPDX-License-Identifier: GPL-2.0-only

//! What readers of `/dev/krandom` get, and what it takes from writers.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use koxide_guest::{
    BadPointer, Blocked, Epoll, Errno, Guarded, HUGE, Module, Ready, as_user, crowd, ioctl,
};

const DEVICE: &str = "/dev/krandom";

/// The sizes that drivers get wrong.
const SIZES: [usize; 6] = [0, 1, 4095, 4096, 4097, 1 << 20];

fn load() -> Module {
    Module::load("random_chardev", "").unwrap()
}

fn open() -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(DEVICE).unwrap()
}

fn random(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    open().read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn reads_and_writes_of_any_size_are_whole() {
    let module = load();
    let mut file = open();
    for size in SIZES {
        let mut buffer = vec![0; size];
        assert_eq!(file.read(&mut buffer).unwrap(), size);
        assert_eq!(file.write(&buffer).unwrap(), size);
        // Random bytes are zero one time in 256.
        let zeros = buffer.iter().filter(|byte| **byte == 0).count();
        assert!(zeros <= size / 64 + 1, "{zeros} of {size} are zero");
    }
    drop(file);
    module.unload().unwrap();
}

/// Two gigabytes that end after 5000 bytes.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_huge_size_is_no_harm() {
    let module = load();
    let file = open();
    let mut buffer = Guarded::new(5000).unwrap();
    let read = buffer.read(&file, HUGE).unwrap();
    assert!((4096..=5000).contains(&read), "{read}");
    let written = buffer.write(&file, HUGE).unwrap();
    assert!((4096..=5000).contains(&written), "{written}");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_bad_pointer_gets_efault_and_nothing_else() {
    let module = load();
    let file = open();
    for pointer in BadPointer::ALL {
        for size in [1, 2, 4095, 4097, 1 << 20] {
            assert_eq!(pointer.read(&file, size), Err(Errno::EFAULT), "{pointer:?}");
            assert_eq!(
                pointer.write(&file, size),
                Err(Errno::EFAULT),
                "{pointer:?}"
            );
        }
    }
    assert_eq!(BadPointer::ReadOnly.read(&file, 5), Err(Errno::EFAULT));
    // What fits before the bad page counts.
    for room in [1, 2, 4095, 4096, 5000] {
        let mut buffer = Guarded::new(room).unwrap();
        let read = buffer.read(&file, room + 4096).unwrap();
        assert!((1..=room).contains(&read), "{read} of {room}");
        match buffer.write(&file, room + 4096) {
            Ok(written) => assert!((1..=room).contains(&written), "{written} of {room}"),
            // 32-bit ARM reads many words at once, and none of them where one cannot be read.
            Err(errno) => assert!(
                errno == Errno::EFAULT && cfg!(target_arch = "arm") && room < 64,
                "{errno}: {room}"
            ),
        }
    }
    drop(file);
    assert_ne!(random(32), random(32));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_large_read_ends_at_a_signal() {
    const LARGE: usize = 96 << 20;
    let module = load();
    let reader = Blocked::spawn(|| open().read(&mut vec![0; LARGE]).unwrap());
    thread::sleep(Duration::from_millis(100));
    reader.interrupt();
    let read = reader.join();
    assert!(read > 0 && read < LARGE, "{read} of {LARGE}");
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn everybody_may_use_it() {
    let module = load();
    let mode = fs::metadata(DEVICE).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    as_user(1000, || {
        let mut file = open();
        file.write_all(b"not very random").unwrap();
        file.read_exact(&mut [0; 16]).unwrap();
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
    file.read_exact(&mut [0; 2]).unwrap();
    assert_eq!(
        ioctl::none(&file, ioctl::io(b'R', 0x80)),
        Err(Errno::ENOTTY)
    );
    drop(file);
    module.unload().unwrap();
    assert!(!Path::new(DEVICE).exists());
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
    let error = Module::load("random_chardev", "").unwrap_err();
    assert_eq!(error, Errno::EEXIST);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn many_processes_read_and_write_at_once() {
    if crowd::member().is_some() {
        let mut file = open();
        for _ in 0..20 {
            let mut bytes = [0; 4097];
            file.read_exact(&mut bytes).unwrap();
            file.write_all(&bytes).unwrap();
        }
        return;
    }
    let module = load();
    crowd::gather(64);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn dd_copies_and_gzip_does_not_make_it_smaller() {
    let module = load();
    let status = Command::new("dd")
        .args(["if=/dev/krandom", "of=/tmp/random", "bs=64k", "count=16"])
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::metadata("/tmp/random").unwrap().len(), 1 << 20);
    let packed = Command::new("gzip")
        .args(["-9", "-c", "/tmp/random"])
        .output()
        .unwrap();
    assert!(packed.status.success());
    assert!(
        packed.stdout.len() > 1 << 20,
        "{} bytes",
        packed.stdout.len()
    );
    let status = Command::new("dd")
        .args([
            "if=/tmp/random",
            "of=/dev/krandom",
            "bs=64k",
            "conv=notrunc",
        ])
        .status()
        .unwrap();
    assert!(status.success());
    fs::remove_file("/tmp/random").unwrap();
    module.unload().unwrap();
}

/// The tests of FIPS 140-2 on 20,000 bits: a good generator fails one time in about 1,000, so that a block may fail.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn the_bytes_look_random() {
    let module = load();
    let failures = (0..100).filter(|_| !looks_random(&random(2500))).count();
    assert!(failures <= 3, "{failures} of 100 blocks");
    module.unload().unwrap();
    // The tests notice what is not random.
    assert!(!looks_random(&[0x55; 2500]));
    assert!(!looks_random(&[0; 2500]));
}

/// Monobit, poker, runs and long runs.
fn looks_random(block: &[u8]) -> bool {
    let ones: u32 = block.iter().map(|byte| byte.count_ones()).sum();
    let mut nibbles = [0_u32; 16];
    for byte in block {
        nibbles[usize::from(byte >> 4)] += 1;
        nibbles[usize::from(byte & 15)] += 1;
    }
    let squares: u32 = nibbles.iter().map(|count| count * count).sum();
    let poker = f64::from(squares) * 16.0 / 5000.0 - 5000.0;
    // How many runs of equal bits there are of each length; the last are those of 6 and more.
    let mut runs = [[0_u32; 6]; 2];
    let (mut longest, mut length, mut last) = (0, 0, 2);
    let bits = block
        .iter()
        .flat_map(|byte| (0..8).map(move |at| byte >> at & 1));
    for bit in bits.chain([2]) {
        if bit == last {
            length += 1;
            continue;
        }
        if length > 0 {
            runs[usize::from(last)][usize::min(length, 6) - 1] += 1;
        }
        longest = longest.max(length);
        (length, last) = (1, bit);
    }
    const RUNS: [(u32, u32); 6] = [
        (2315, 2685),
        (1114, 1386),
        (527, 723),
        (240, 384),
        (103, 209),
        (103, 209),
    ];
    let runs_fit = runs.iter().all(|of_bit| {
        let mut each = of_bit.iter().zip(RUNS);
        each.all(|(count, (least, most))| (least..=most).contains(count))
    });
    (9726..10274).contains(&ones) && poker > 2.16 && poker < 46.17 && runs_fit && longest < 26
}
