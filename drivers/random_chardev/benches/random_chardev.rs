// SPDX-License-Identifier: GPL-2.0-only

//! What random bytes cost.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use koxide_guest::bench::{self, SIZES};

fn main() {
    bench::run(|turn| {
        turn.loading("");
        let _module = turn.load("");
        let path = turn.misc("/dev/krandom");
        turn.case("open/close", || drop(File::open(path).unwrap()));
        let mut options = OpenOptions::new();
        let random = options.read(true).write(true).open(path).unwrap();
        for size in SIZES {
            let mut buffer = vec![0; size];
            turn.case(&format!("read {size}"), || {
                random.read_exact_at(&mut buffer, 0).unwrap();
            });
            turn.case(&format!("write {size}"), || {
                random.write_all_at(&buffer, 0).unwrap();
            });
        }
    });
}
