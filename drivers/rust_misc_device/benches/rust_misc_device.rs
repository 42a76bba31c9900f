// SPDX-License-Identifier: GPL-2.0-only

//! What a misc device costs that logs each call.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use koxide_guest::bench::{self, SIZES};
use koxide_guest::ioctl;

const HELLO: u32 = ioctl::io(b'|', 0x80);
const GET_VALUE: u32 = ioctl::ior::<i32>(b'|', 0x81);
const SET_VALUE: u32 = ioctl::iow::<i32>(b'|', 0x82);

fn main() {
    bench::run(|turn| {
        turn.loading("");
        let _module = turn.load("");
        let path = turn.misc("/dev/rust-misc-device");
        turn.case("open/close", || drop(File::open(path).unwrap()));
        let mut options = OpenOptions::new();
        let device = options.read(true).write(true).open(path).unwrap();
        for size in SIZES {
            let mut buffer = vec![1; size];
            turn.case(&format!("write {size}"), || {
                device.write_all_at(&buffer, 0).unwrap();
            });
            turn.case(&format!("read {size}"), || {
                device.read_exact_at(&mut buffer, 0).unwrap();
            });
        }
        turn.case("ioctl hello", || {
            ioctl::none(&device, HELLO).unwrap();
        });
        let mut value = ioctl::Argument::new(&[0; 4]).unwrap();
        turn.case("ioctl get", || {
            value.request(&device, GET_VALUE).unwrap();
        });
        turn.case("ioctl set", || {
            value.request(&device, SET_VALUE).unwrap();
        });
    });
}
