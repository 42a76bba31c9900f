// SPDX-License-Identifier: GPL-2.0-only

//! What `hello_world` costs: it is loaded, and writes to the log.
#![forbid(unsafe_code)]

use koxide_guest::bench;

fn main() {
    bench::run(|turn| {
        turn.loading("quiet");
        turn.log_line("repeat=100", "Hello, world!");
    });
}
