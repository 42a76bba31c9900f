// SPDX-License-Identifier: GPL-2.0-only

//! Each operation in each order, and what threads see of each other.

use std::{thread, vec::Vec};

use super::*;
use crate::sync::barrier::smp_mb;

#[test]
fn values_are_read_and_written() {
    macro_rules! of {
        ($($type:ty)*) => {$({
            let atomic = Atomic::<$type>::new(42);
            assert_eq!(atomic.load(Relaxed), 42);
            atomic.store(<$type>::MAX, Release);
            assert_eq!(atomic.load(Acquire), <$type>::MAX);
            assert_eq!(atomic.xchg(<$type>::MIN, Full), <$type>::MAX);
            assert_eq!(atomic.xchg(1, Acquire), <$type>::MIN);
            assert_eq!(atomic.xchg(2, Release), 1);
            assert_eq!(atomic.xchg(3, Relaxed), 2);
            assert_eq!(atomic.cmpxchg(3, 4, Full), Ok(3));
            assert_eq!(atomic.cmpxchg(4, 5, Acquire), Ok(4));
            assert_eq!(atomic.cmpxchg(5, 6, Release), Ok(5));
            assert_eq!(atomic.cmpxchg(5, 9, Relaxed), Err(6));
            let mut atomic = atomic;
            *atomic.get_mut() += 1;
            assert_eq!(atomic.load(Relaxed), 7);
        })*};
    }
    of!(i8 i16 i32 u32 i64 u64 isize usize);
}

#[test]
fn sums_wrap_around() {
    macro_rules! of {
        ($($type:ty)*) => {$({
            let atomic = Atomic::<$type>::new(<$type>::MAX);
            atomic.add(1, Relaxed);
            assert_eq!(atomic.fetch_add(2, Full), <$type>::MIN);
            assert_eq!(atomic.fetch_add(2, Acquire), <$type>::MIN + 2);
            assert_eq!(atomic.fetch_sub(4, Release), <$type>::MIN + 4);
            assert_eq!(atomic.fetch_sub(1, Relaxed), <$type>::MIN);
            assert_eq!(atomic.load(Relaxed), <$type>::MAX);
        })*};
    }
    of!(i32 u32 i64 u64 isize usize);
}

#[test]
fn a_bool_and_an_address_can_be_atomic() {
    let flag = Atomic::new(false);
    assert!(!flag.xchg(true, Full));
    assert_eq!(flag.cmpxchg(false, true, Full), Err(true));
    let (mut one, mut other) = (1, 2);
    let address = Atomic::new(&raw mut one);
    assert_eq!(address.xchg(&raw mut other, Full), &raw mut one);
    assert_eq!(address.load(Relaxed), &raw mut other);
}

#[test]
fn no_addition_is_lost() {
    // Miri lets the threads take turns after each few instructions.
    const TIMES: u64 = if cfg!(miri) { 50 } else { 10_000 };
    let sum = Atomic::new(0u64);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..TIMES).for_each(|_| sum.add(1, Relaxed)));
            scope.spawn(|| (0..TIMES).for_each(|_| assert!(sum.fetch_add(1, Full) < 8 * TIMES)));
        }
    });
    assert_eq!(sum.load(Relaxed), 8 * TIMES);
}

/// What a thread wrote before a release is there for who acquired.
#[test]
fn what_was_released_is_acquired() {
    let (data, ready) = (Atomic::new(0u32), AtomicFlag::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            data.store(7, Relaxed);
            ready.store(true, Release);
        });
        while !ready.load(Acquire) {
            core::hint::spin_loop();
        }
        assert_eq!(data.load(Relaxed), 7);
    });
}

/// Two threads write, and then read what the other one writes: one of them sees it, if a full order is in between.
#[test]
fn a_full_order_is_one_for_stores_and_loads() {
    let between: [fn(); 2] = [
        || {
            Atomic::new(0u32).xchg(1, Full);
        },
        || smp_mb(crate::sync::barrier::Full),
    ];
    for full in between {
        for _ in 0..if cfg!(miri) { 20 } else { 200 } {
            let values = [Atomic::new(0u32), Atomic::new(0u32)];
            let start = std::sync::Barrier::new(2);
            let saw: Vec<u32> = thread::scope(|scope| {
                let threads = [0, 1].map(|this| {
                    let (values, start) = (&values, &start);
                    scope.spawn(move || {
                        start.wait();
                        values[this].store(1, Relaxed);
                        full();
                        values[1 - this].load(Relaxed)
                    })
                });
                threads.map(|thread| thread.join().unwrap()).into()
            });
            assert_ne!(saw, [0, 0]);
        }
    }
}
