// SPDX-License-Identifier: GPL-2.0-only

//! Counts of references that never wrap around: include/linux/refcount.h.

use super::atomic::{Acquire, Atomic, Relaxed, Release};

/// A count that was too high, or 0 and used, goes here: so far from 0 that it does not come back.
const SATURATED: i32 = i32::MIN / 2;

/// A count of references.
///
/// One that would wrap around, or rise from 0, is stuck from then on: what it counts is leaked, rather than freed while it
/// is used. The kernel's own also warns then.
///
/// # Examples
///
/// ```
/// use kernel::sync::Refcount;
///
/// let users = Refcount::new(1);
/// users.inc();
/// assert!(!users.dec_and_test());
/// assert!(users.dec_and_test());
/// ```
#[repr(transparent)]
pub struct Refcount(Atomic<i32>);

impl Refcount {
    /// A count.
    ///
    /// # Panics
    ///
    /// When it is negative.
    pub const fn new(value: i32) -> Self {
        assert!(value >= 0, "a count is not negative");
        Self(Atomic::new(value))
    }

    /// The count as an atomic value, which neither orders nor gets stuck.
    pub const fn as_atomic(&self) -> &Atomic<i32> {
        &self.0
    }

    /// Sets the count.
    pub fn set(&self, value: i32) {
        self.0.store(value, Relaxed);
    }

    /// Counts a reference, for who has one already.
    pub fn inc(&self) {
        let before = self.0.fetch_add(1, Relaxed);
        if before <= 0 || before == i32::MAX {
            self.saturate();
        }
    }

    /// Counts a reference less, of which there are others.
    pub fn dec(&self) {
        if self.0.fetch_sub(1, Release) <= 1 {
            self.saturate();
        }
    }

    /// Counts a reference less; whether it was the last. What the others did to the object comes before what follows.
    #[must_use = "`dec` is for references of which there are others"]
    pub fn dec_and_test(&self) -> bool {
        match self.0.fetch_sub(1, Release) {
            1 => {
                // This reads what the other references' ends wrote, and so comes after them.
                self.0.load(Acquire);
                true
            }
            before => {
                if before <= 0 {
                    self.saturate();
                }
                false
            }
        }
    }

    /// Has the count stuck.
    fn saturate(&self) {
        self.0.store(SATURATED, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_reference_is_known() {
        let count = Refcount::new(1);
        count.inc();
        count.dec();
        assert!(count.dec_and_test());
        count.set(2);
        assert!(!count.dec_and_test() && count.dec_and_test());
    }

    #[test]
    fn a_count_that_goes_wrong_is_stuck() {
        for wrong in [
            |count: &Refcount| count.inc(),
            |count: &Refcount| count.dec(),
            |count: &Refcount| assert!(!count.dec_and_test()),
        ] {
            let count = Refcount::new(0);
            wrong(&count);
            count.inc();
            assert!(!count.dec_and_test());
            assert_eq!(count.as_atomic().load(Relaxed), SATURATED);
        }
        let count = Refcount::new(i32::MAX);
        count.inc();
        assert_eq!(count.as_atomic().load(Relaxed), SATURATED);
    }

    #[test]
    #[should_panic(expected = "a count is not negative")]
    fn a_count_is_not_negative() {
        Refcount::new(-1);
    }
}
