// SPDX-License-Identifier: GPL-2.0-only

//! What it costs that somebody answers.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};

use koxide_guest::bench::{self, SIZES};

fn main() {
    bench::run(|turn| {
        turn.loading("");
        let _module = turn.load("");
        let path = turn.misc("/dev/echo");
        turn.case("open/close", || drop(File::open(path).unwrap()));
        let mut options = OpenOptions::new();
        let mut echo = options.read(true).write(true).open(path).unwrap();
        // The large ones first: after an odd number of bytes what is copied lies across words.
        for size in SIZES.into_iter().rev() {
            let mut buffer = vec![1; size];
            // What was never written cannot be read, and what nobody reads fills the device.
            turn.case(&format!("write and read {size}"), || {
                echo.write_all(&buffer).unwrap();
                echo.read_exact(&mut buffer).unwrap();
            });
        }
    });
}
