// SPDX-License-Identifier: GPL-2.0-only

//! What it does when there is no memory.
#![forbid(unsafe_code)]

use koxide_guest::faults;

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn each_allocation_may_fail() {
    // It has none of its own.
    faults::load("hello_world", "repeat=40").unload();
}
