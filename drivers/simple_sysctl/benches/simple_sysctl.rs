// SPDX-License-Identifier: GPL-2.0-only

//! What the setting costs when it is read and written.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use koxide_guest::bench;

fn main() {
    bench::run(|turn| {
        turn.loading("");
        let _module = turn.load("");
        let path = turn.setting("/proc/sys/rust/example/test");
        turn.case("open/close", || drop(File::open(path).unwrap()));
        let mut options = OpenOptions::new();
        let setting = options.read(true).write(true).open(path).unwrap();
        let mut text = [0; 16];
        turn.case("read", || {
            setting.read_at(&mut text, 0).unwrap();
        });
        turn.case("write", || setting.write_all_at(b"12345\n", 0).unwrap());
    });
}
