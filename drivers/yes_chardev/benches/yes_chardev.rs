// SPDX-License-Identifier: GPL-2.0-only

//! What it costs to be told yes.
#![forbid(unsafe_code)]

use std::fs::File;
use std::os::unix::fs::FileExt;

use koxide_guest::bench::{self, SIZES};

fn main() {
    bench::run(|turn| {
        turn.loading("");
        let _module = turn.load("");
        let path = turn.chrdev("/dev/yes");
        turn.case("open/close", || drop(File::open(path).unwrap()));
        let yes = File::open(path).unwrap();
        for size in SIZES {
            let mut buffer = vec![0; size];
            turn.case(&format!("read {size}"), || {
                yes.read_exact_at(&mut buffer, 0).unwrap();
            });
        }
    });
}
