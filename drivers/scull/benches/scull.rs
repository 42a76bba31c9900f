// SPDX-License-Identifier: GPL-2.0-only

//! What memory costs that is a file.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;

use koxide_guest::bench::{self, SIZES, Turn};
use koxide_guest::ioctl;

const USED: u32 = ioctl::ior::<u64>(b'k', 1);

/// How many bytes a pipe holds, as the module has it.
const PIPE: usize = 4000;

fn main() {
    bench::run(|turn| {
        turn.loading("");
        let _module = turn.load("");
        memory(turn);
        pipe(turn);
    });
}

fn both(path: &str) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(path).unwrap()
}

fn memory(turn: &Turn<'_>) {
    let path = turn.chrdev("/dev/scull0");
    turn.case("open/close", || drop(File::open(path).unwrap()));
    let device = both(path);
    for size in SIZES {
        let mut buffer = vec![1; size];
        turn.case(&format!("write {size}"), || {
            device.write_all_at(&buffer, 0).unwrap();
        });
        turn.case(&format!("read {size}"), || {
            device.read_exact_at(&mut buffer, 0).unwrap();
        });
    }
    let mut used = ioctl::Argument::new(&[0; 8]).unwrap();
    turn.case("ioctl", || {
        used.request(&device, USED).unwrap();
    });
    turn.contended("contended lock", 4, |thread| {
        let mut buffer = [0; 64];
        match thread % 2 {
            0 => device.write_all_at(&buffer, 0).unwrap(),
            _ => device.read_exact_at(&mut buffer, 0).unwrap(),
        }
    });
}

fn pipe(turn: &Turn<'_>) {
    let mut pipe = both(turn.chrdev("/dev/scullpipe0"));
    // The large ones first: after an odd number of bytes what is copied lies across words.
    for size in [PIPE, 64, 1] {
        let mut buffer = vec![1; size];
        turn.case(&format!("pipe write and read {size}"), || {
            pipe.write_all(&buffer).unwrap();
            pipe.read_exact(&mut buffer).unwrap();
        });
    }
}
