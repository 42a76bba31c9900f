// SPDX-License-Identifier: GPL-2.0-only

//! What threads cost that wait for each other: how long the module takes to come and go, with none of its parcels.
#![forbid(unsafe_code)]

use koxide_guest::bench;

fn main() {
    bench::run(|turn| turn.loading("parcels=0"));
}
