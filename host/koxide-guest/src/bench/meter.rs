// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is counted, and what one operation costs by that count.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::protocol::Clock;

/// How often an operation is called before it counts: caches of the kernel are filled, pages of the buffers are there.
const WARMING: u32 = 32;

/// How many batches count at least, and at most.
const BATCHES: (u64, u64) = (15, 400);

/// How many times as many batches are tried at most.
const TRIES: usize = 4;

/// How often an operation is called at most in a batch.
const MOST: u64 = 100_000;

/// Why an operation has no count.
const SLEEPS: &str = "it sleeps, and sleep is no instruction";

/// Why an operation has no time.
const DISTURBED: &str = "something else ran each time";

/// What a stretch of this thread cost.
pub(crate) trait Meter {
    /// The count now.
    fn now(&self) -> u64;
    /// How often this thread waited for something, and how often another one was let run instead.
    fn switches(&self) -> (i64, i64);
    /// How much a batch should cost.
    fn batch(&self) -> u64;
    /// How much all batches of an operation should cost together.
    fn total(&self) -> u64;
    /// What many batches say of one.
    fn of(&self, costs: &[f64]) -> f64;
    /// Whether what is counted goes on while this thread waits, as it should.
    fn counts_waiting(&self) -> bool;
}

impl Meter for Clock {
    fn now(&self) -> u64 {
        // One instruction takes a nanosecond where they are counted.
        nanoseconds()
    }

    fn switches(&self) -> (i64, i64) {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).expect("a thread may ask for its usage");
        (
            wide(usage.voluntary_context_switches()),
            wide(usage.involuntary_context_switches()),
        )
    }

    fn batch(&self) -> u64 {
        match self {
            // One call. The timer interrupts every four million, a cache of the kernel is filled up at every tenth time that
            // a file is opened: so it is in few calls, and would be in half of the batches of five.
            Self::Instructions => 1,
            // So short that in some of them nothing else has the processor, even where the machine's own is shared.
            Self::Time => 100_000,
        }
    }

    fn total(&self) -> u64 {
        match self {
            Self::Instructions => 4_000_000,
            Self::Time => 15_000_000,
        }
    }

    fn of(&self, costs: &[f64]) -> f64 {
        match self {
            Self::Instructions => middle(costs),
            Self::Time => least(costs),
        }
    }

    fn counts_waiting(&self) -> bool {
        *self == Self::Time
    }
}

/// C's `long` has 32 bits on some machines.
fn wide(count: impl Into<i64>) -> i64 {
    count.into()
}

fn nanoseconds() -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// What so many calls cost. Not inlined: an empty operation is called by the same instructions as any other.
#[inline(never)]
fn calls(meter: &dyn Meter, count: u64, operation: &mut dyn FnMut()) -> u64 {
    let start = meter.now();
    for _ in 0..count {
        operation();
    }
    meter.now() - start
}

/// What one operation costs, by many batches, without what the loop costs.
///
/// Of counts it is the mean of the middle half. What happens at one of several operations only is in few of the batches, and so
/// not in the cost: interrupts, memory that the kernel takes from its pages for the next dozen of objects, and what it leaves
/// for later. With them an operation costs now this and now that, and two counts of the same would not agree. Of times it is
/// the least: what else the machine does makes them longer and never shorter.
///
/// # Errors
/// Why it cannot be said.
pub(crate) fn cost(meter: &dyn Meter, operation: &mut dyn FnMut()) -> Result<f64, String> {
    for _ in 0..WARMING {
        operation();
    }
    let one = calls(meter, 1, operation).max(1);
    let count = (meter.batch() / one).clamp(1, MOST);
    let (least, most) = BATCHES;
    let batches = (meter.total() / (one * count)).clamp(least, most) as usize;
    let full = undisturbed(meter, batches, &mut || calls(meter, count, operation))?;
    let mut nothing = || {
        std::hint::black_box(());
    };
    let empty = undisturbed(meter, batches, &mut || calls(meter, count, &mut nothing))?;
    Ok((meter.of(&full) - meter.of(&empty)) / count as f64)
}

/// What so many batches cost in which nothing else ran.
///
/// # Errors
/// Why there are none.
fn undisturbed(
    meter: &dyn Meter,
    batches: usize,
    batch: &mut dyn FnMut() -> u64,
) -> Result<Vec<f64>, String> {
    let mut costs = Vec::new();
    let mut slept = 0;
    for _ in 0..TRIES * batches {
        let (waited, forced) = meter.switches();
        let cost = batch();
        let after = meter.switches();
        let sleeps = after.0 != waited && !meter.counts_waiting();
        slept += usize::from(sleeps);
        if !sleeps && after.1 == forced {
            costs.push(cost as f64);
        }
        if costs.len() == batches {
            return Ok(costs);
        }
        if slept > batches {
            return Err(SLEEPS.to_owned());
        }
    }
    Err(DISTURBED.to_owned())
}

/// The least.
pub(crate) fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The mean of the middle half: finer than the median where values are rounded, or where half of them are a little more.
///
/// # Panics
/// When there is no value.
pub(crate) fn middle(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let quarter = values.len() / 4;
    let half = &values[quarter..values.len() - quarter];
    half.iter().sum::<f64>() / half.len() as f64
}

/// How long something takes, in nanoseconds.
pub(crate) fn duration(operation: impl FnOnce()) -> f64 {
    let start = Instant::now();
    operation();
    in_nanoseconds(start.elapsed())
}

/// A duration as a number.
pub(crate) fn in_nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A count that the test makes.
    #[derive(Default)]
    struct Made {
        now: Cell<u64>,
        waited: Cell<i64>,
        forced: Cell<i64>,
    }

    impl Meter for Made {
        fn now(&self) -> u64 {
            self.now.get()
        }

        fn switches(&self) -> (i64, i64) {
            (self.waited.get(), self.forced.get())
        }

        fn batch(&self) -> u64 {
            1000
        }

        fn total(&self) -> u64 {
            15_000
        }

        fn of(&self, costs: &[f64]) -> f64 {
            middle(costs)
        }

        fn counts_waiting(&self) -> bool {
            false
        }
    }

    impl Made {
        fn pass(&self, count: u64) {
            self.now.set(self.now.get() + count);
        }
    }

    #[test]
    fn an_interrupt_now_and_then_is_not_in_the_cost() {
        let made = Made::default();
        let mut number = 0;
        let cost = cost(&made, &mut || {
            number += 1;
            made.pass(if number % 2000 == 0 { 5000 } else { 10 });
        });
        assert_eq!(cost, Ok(10.0));
    }

    #[test]
    fn what_every_fifth_batch_has_is_not_in_the_cost() {
        let made = Made::default();
        let mut number = 0;
        let cost = cost(&made, &mut || {
            number += 1;
            made.pass(if number % 500 == 0 { 410 } else { 10 });
        });
        assert_eq!(cost, Ok(10.0));
    }

    #[test]
    fn what_every_second_operation_has_is_in_the_cost() {
        for (other, mean) in [(10, 10.0), (12, 11.0), (2000, 1005.0)] {
            let made = Made::default();
            let mut number = 0;
            let cost = cost(&made, &mut || {
                number += 1;
                made.pass(if number % 2 == 0 { other } else { 10 });
            });
            assert_eq!(cost, Ok(mean));
        }
    }

    #[test]
    fn a_batch_in_which_another_ran_does_not_count() {
        let made = Made::default();
        let mut number = 0;
        let mut batch = || {
            number += 1;
            let forced = number % 3 != 0;
            made.forced.set(made.forced.get() + i64::from(forced));
            if forced { 70 } else { 7 }
        };
        assert_eq!(undisturbed(&made, 15, &mut batch), Ok(vec![7.0; 15]));
        let mut never = || {
            made.forced.set(made.forced.get() + 1);
            7
        };
        assert_eq!(
            undisturbed(&made, 15, &mut never),
            Err(DISTURBED.to_owned())
        );
    }

    #[test]
    fn what_sleeps_has_no_count() {
        let made = Made::default();
        let cost = cost(&made, &mut || {
            made.pass(10);
            made.waited.set(made.waited.get() + 1);
        });
        assert_eq!(cost, Err(SLEEPS.to_owned()));
    }

    #[test]
    fn counts_are_the_middle_and_times_the_least() {
        let costs = [100.0, 1.0, 2.0, 4.0];
        assert_eq!(Clock::Instructions.of(&costs), 3.0);
        assert_eq!(Clock::Time.of(&costs), 1.0);
        assert_eq!(middle(&[100.0, 1.0, 2.0, 4.0]), 3.0);
        assert_eq!(middle(&[5.0]), 5.0);
    }
}
