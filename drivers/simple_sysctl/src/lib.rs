// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/sys/rust/example/test`: a number that starts at 1.
#![no_std]
#![forbid(unsafe_code)]

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
    sysctl::{Entry, Registration, Table},
};

module! {
    type: SimpleSysctl,
    name: "simple_sysctl",
    authors: ["The Koxide authors"],
    description: "A setting in /proc/sys",
    license: "GPL",
}

/// What the setting starts at whenever the module is loaded.
const START: i32 = 1;

/// The setting. The kernel changes it when somebody writes the file.
static TEST: Atomic<i32> = Atomic::new(START);

/// `/proc/sys/rust/example`.
struct Example;

impl Table for Example {
    const PATH: &'static CStr = c"rust/example";
    const ENTRIES: &'static [Entry] = &[Entry::i32(c"test", 0o644, &TEST, i32::MIN..=i32::MAX)];
}

struct SimpleSysctl {
    _registration: Registration<Example>,
}

impl kernel::Module for SimpleSysctl {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        Ok(Self {
            _registration: Registration::new()?,
        })
    }
}

impl Drop for SimpleSysctl {
    fn drop(&mut self) {
        pr_info!("test was {} at the end\n", TEST.load(Relaxed));
    }
}

#[kunit_tests(simple_sysctl)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_at_1() {
        assert_eq!(TEST.load(Relaxed), START);
    }

    #[test]
    fn the_table_can_be_registered_again() -> Result {
        for _ in 0..3 {
            drop(Registration::<Example>::new()?);
        }
        Ok(())
    }
}
