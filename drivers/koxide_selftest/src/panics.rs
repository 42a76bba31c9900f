// SPDX-License-Identifier: GPL-2.0-only

//! The way of a panic up the stack, where there is one.

/// Panics, and panics again in what that drops.
pub(crate) fn panic_twice() {
    struct Fallible;

    impl Drop for Fallible {
        fn drop(&mut self) {
            let _quiet = Loud;
            panic!("the second one");
        }
    }

    struct Loud;

    impl Drop for Loud {
        fn drop(&mut self) {
            kernel::prelude::pr_info!("it was dropped all the same\n");
        }
    }

    let _fallible = Fallible;
    panic!("the first one");
}

#[kernel::prelude::kunit_tests(panics)]
#[cfg(panic = "unwind")]
mod tests {
    use core::{array::from_fn, cell::Cell, hint::black_box};

    use kernel::{
        interrupt::local_interrupt_disable,
        kunit::{IS_SPACED, contained, stack_of},
        prelude::*,
    };

    /// What was dropped: a decimal digit each.
    #[derive(Default)]
    struct Log(Cell<u64>);

    /// Writes its digit to the log when it is dropped.
    struct Digit<'a>(&'a Log, u64);

    impl Drop for Digit<'_> {
        fn drop(&mut self) {
            let log = &self.0.0;
            log.set(log.get() * 10 + self.1);
        }
    }

    /// Panics, if the number is large; the compiler does not know.
    #[inline(never)]
    fn check(number: u64) -> u64 {
        let number = black_box(number);
        assert_small(number);
        number
    }

    fn assert_small(number: u64) {
        // Inside of a suite the assertions do not panic.
        if number > 100 {
            panic!("{number} is large");
        }
    }

    #[test]
    fn what_does_not_panic_is_done() {
        let log = Log::default();
        let panicked = contained(|| {
            let _one = Digit(&log, 1);
            check(7);
        });
        assert!(!panicked);
        assert_eq!(log.0.get(), 1);
    }

    #[test]
    fn frames_drop_what_they_have_from_the_inside_out() {
        #[inline(never)]
        fn inner(log: &Log, number: u64) -> u64 {
            let _two = Digit(log, 2);
            let _one = Digit(log, 1);
            check(number) + 1
        }

        #[inline(never)]
        fn middle(log: &Log, number: u64) -> u64 {
            // Gone before.
            drop(Digit(log, 9));
            let four = Digit(log, 4);
            let _three = Digit(log, 3);
            let sum = inner(log, number) + 1;
            drop(four);
            sum
        }

        let log = Log::default();
        let after = Cell::new(0);
        let panicked = contained(|| {
            let _five = Digit(&log, 5);
            after.set(middle(&log, 101));
        });
        assert!(panicked);
        assert_eq!(log.0.get(), 912_345);
        assert_eq!(after.get(), 0);
    }

    #[test]
    fn registers_are_what_they_were() {
        /// Has other values in the registers that are given back.
        #[inline(never)]
        fn busy(start: u64, number: u64) -> u64 {
            let values: [u64; 14] = from_fn(|at| black_box(start + at as u64));
            let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = values;
            let number = check(number);
            let odd = a ^ c ^ e ^ g ^ i ^ k ^ m;
            let even = (b * d) ^ (f * h) ^ (j * l) ^ n;
            black_box(odd + even + number)
        }

        let start = black_box(1000_u64);
        let (a, b, c) = (
            black_box(start + 1),
            black_box(start + 2),
            black_box(start + 3),
        );
        let (d, e, f) = (
            black_box(start + 4),
            black_box(start + 5),
            black_box(start + 6),
        );
        let (g, h, i) = (
            black_box(start + 7),
            black_box(start + 8),
            black_box(start + 9),
        );
        let panicked = contained(|| {
            busy(black_box(5), 101);
        });
        assert!(panicked);
        assert_eq!([a, b, c, d, e, f, g, h, i], from_fn(|at| 1001 + at as u64));
    }

    #[test]
    fn arguments_on_the_stack_go_with_the_call() {
        /// More than registers have room for.
        #[inline(never)]
        #[allow(clippy::too_many_arguments, reason = "that is the test")]
        fn many<T: Into<u64> + Copy>(
            log: &Log,
            a: T,
            b: T,
            c: T,
            d: T,
            e: T,
            f: T,
            g: T,
            h: T,
            i: T,
            j: T,
            k: T,
        ) -> u64 {
            let _own = Digit(log, 1);
            let all = [a, b, c, d, e, f, g, h, i, j, k].map(Into::into);
            check(all.iter().sum())
        }

        #[inline(never)]
        fn twice(log: &Log, number: u64) -> u64 {
            let _two = Digit(log, 2);
            let n = black_box(number);
            let small = many(log, n, 1, 2, 3, 4, 5, 6, 7, 8, 9, n);
            let small = u32::try_from(small).unwrap_or_default();
            let _three = Digit(log, 3);
            many(log, 1_u32, small, 2, 3, 4, 5, 6, 7, 8, 9, 10)
        }

        let log = Log::default();
        let before: [u64; 8] = from_fn(|at| black_box(at as u64));
        let result = Cell::new(0);
        assert!(!contained(|| result.set(twice(&log, 0))));
        assert_eq!((result.get(), log.0.get()), (100, 1132));
        assert!(contained(|| result.set(twice(&log, 1))));
        assert_eq!((result.get(), log.0.get()), (100, 1_132_1132));
        assert_eq!(before, from_fn(|at| at as u64));
    }

    #[test]
    fn calls_through_pointers_are_found() {
        trait Shape {
            fn area(&self, log: &Log) -> u64;
        }

        struct Square(u64);

        impl Shape for Square {
            fn area(&self, log: &Log) -> u64 {
                let _one = Digit(log, 1);
                check(self.0 * self.0)
            }
        }

        struct Pair(Square, Square);

        impl Shape for Pair {
            fn area(&self, log: &Log) -> u64 {
                let _two = Digit(log, 2);
                black_box(&self.0 as &dyn Shape).area(log)
                    + black_box(&self.1 as &dyn Shape).area(log)
            }
        }

        let log = Log::default();
        let pair = Pair(Square(5), Square(11));
        let function: fn(&dyn Shape, &Log) -> u64 = |shape, log| shape.area(log);
        let function = black_box(function);
        assert!(contained(|| {
            function(&pair, &log);
        }));
        assert_eq!(log.0.get(), 112);
    }

    #[test]
    fn what_is_dropped_may_panic_once() {
        /// Panics when it is dropped, and what it has is dropped all the same.
        struct Fallible<'a>(Digit<'a>);

        impl Drop for Fallible<'_> {
            fn drop(&mut self) {
                check(self.0.1 + 100);
            }
        }

        let log = Log::default();
        assert!(contained(|| {
            let _two = Digit(&log, 2);
            drop(Fallible(Digit(&log, 1)));
        }));
        assert_eq!(log.0.get(), 12);
    }

    #[test]
    fn a_panic_may_end_inside_of_what_another_one_drops() {
        struct Careful<'a>(&'a Log);

        impl Drop for Careful<'_> {
            fn drop(&mut self) {
                let _two = Digit(self.0, 2);
                let panicked = contained(|| {
                    let _one = Digit(self.0, 1);
                    check(101);
                });
                if panicked {
                    drop(Digit(self.0, 7));
                }
            }
        }

        let log = Log::default();
        assert!(contained(|| {
            let _three = Digit(&log, 3);
            let _careful = Careful(&log);
            check(102);
        }));
        assert_eq!(log.0.get(), 1723);
    }

    #[test]
    fn it_may_happen_often() {
        let log = Log::default();
        for round in 0..10_000 {
            log.0.set(0);
            let panicked = contained(|| {
                let _one = Digit(&log, 1);
                check(round % 2 * 200);
            });
            if panicked != (round % 2 == 1) || log.0.get() != 1 {
                assert_eq!((round, panicked), (0, log.0.get() == 1));
            }
        }
    }

    #[test]
    fn the_way_up_needs_little_stack() {
        // The first ones are traced in the log.
        for _ in 0..8 {
            contained(|| {
                check(101);
            });
        }
        let disabled = local_interrupt_disable();
        let without = stack_of(|| {
            check(7);
        });
        let with = stack_of(|| {
            check(101);
        });
        drop(disabled);
        pr_info!("a panic takes {with} bytes of stack, and a call {without}\n");
        // Both are of the same function, and the second one has begun.
        assert!(with > without);
        // With room between variables there are larger stacks, too.
        let most = if IS_SPACED { 3072 } else { 2048 };
        assert!(with - without < most, "{with} - {without}");
    }
}
