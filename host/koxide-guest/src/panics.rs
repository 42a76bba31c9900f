// SPDX-License-Identifier: MIT OR Apache-2.0

//! What becomes of a driver's panics.

use std::fs;

/// Whether a panic is contained on this machine. If not, a test that makes one says so and has nothing else to do.
pub fn are_contained() -> bool {
    let contained = !cfg!(target_arch = "arm");
    if !contained {
        println!("not tested: on 32-bit ARM a panic is BUG()");
    }
    contained
}

/// How many panics of a loaded module there were, and how often it was set up again since.
///
/// # Panics
/// When the module has no such counters: it cannot panic, or it is never set up again.
pub fn counts(module: &str) -> (u32, u32) {
    let read = |name: &str| {
        let path = format!("/sys/module/{module}/parameters/koxide_{name}");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        text.trim().parse().expect("the counter is a number")
    };
    (read("panics"), read("restarts"))
}
