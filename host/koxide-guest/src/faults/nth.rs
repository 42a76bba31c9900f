// SPDX-License-Identifier: MIT OR Apache-2.0

//! Kernels that are made for tests let allocations of a thread fail that the kernel makes for itself:
//! Documentation/fault-injection/fault-injection.rst.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// A thread's counter of allocations, at whose end one fails.
#[derive(Debug)]
pub(super) struct Counter(File);

impl Counter {
    /// That of this thread; none on other kernels.
    pub(super) fn of_this_thread() -> Option<Self> {
        let path = "/proc/thread-self/fail-nth";
        let file = File::options().read(true).write(true).open(path).ok()?;
        for kind in ["failslab", "fail_page_alloc", "fail_usercopy"] {
            // What is not there says nothing.
            let _ = fs::write(format!("/sys/kernel/debug/{kind}/verbose"), "0");
        }
        // Else those that may wait for memory would not be counted, which are most.
        let path = "/sys/kernel/debug/failslab/ignore-gfp-wait";
        fs::write(path, "N").unwrap_or_else(|error| panic!("{path} cannot be written: {error}"));
        Some(Self(file))
    }

    /// Whether one failed since the counter was set; from now on none does.
    pub(super) fn end(&self) -> bool {
        let mut text = [0; 16];
        let read = self.0.read_at(&mut text, 0);
        // This may be what fails.
        while self.0.write_at(b"0", 0).is_err() {}
        read.is_ok_and(|length| &text[..length] == b"0\n")
    }
}

/// Which allocations fail, one in each try: all of the first ones, and some of the many that may follow.
pub(super) fn numbers() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1), |number| Some(number + 1 + number / 20))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_first_ones_all_fail() {
        let numbers: Vec<_> = super::numbers().take(23).collect();
        assert!(numbers[..20].iter().copied().eq(1..=20));
        assert_eq!(numbers[20..], [22, 24, 26]);
    }
}
