// SPDX-License-Identifier: GPL-2.0-only

//! What this library synchronises itself, with as few steps as a race needs: for Miri, which lets the threads take turns in
//! another way for each seed, and lets a load see any value that the language allows.

#![allow(unsafe_code, reason = "the macros that make locks have it")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;

use crate::fake::{self, tests::Empty};
use crate::kthread;
use crate::prelude::*;
use crate::sync::rcu::Rcu;
use crate::sync::{Arc, Completion, Mutex, Refcount, SetOnce, new_mutex, new_poll_condvar};
use crate::workqueue::Queue;

/// The last owner drops the value, and sees what all others did with it.
#[test]
fn an_arc_is_dropped_once_and_last() {
    struct Counted<'a>(std::sync::Arc<AtomicU32>, &'a AtomicU32);

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.load(Relaxed), 2);
            self.1.fetch_add(1, Relaxed);
        }
    }

    static DROPPED: AtomicU32 = AtomicU32::new(0);
    let uses = std::sync::Arc::new(AtomicU32::new(0));
    let arc = Arc::new(Counted(uses, &DROPPED), GFP_KERNEL).unwrap();
    let other = arc.clone();
    let used = |arc: Arc<Counted<'static>>| {
        arc.0.fetch_add(1, Relaxed);
    };
    let thread = thread::spawn(move || used(other));
    used(arc);
    thread.join().unwrap();
    assert_eq!(DROPPED.load(Relaxed), 1);
}

/// Whoever brings the count to zero has all that the others wrote.
#[test]
fn a_count_ends_once() {
    let count = Refcount::new(2);
    let mut written = [0, 0];
    let [first, second] = &mut written;
    let end = |place: &mut u32| {
        *place = 7;
        count.dec_and_test()
    };
    let last = thread::scope(|scope| {
        let other = scope.spawn(|| end(first));
        let mine = end(second);
        [mine, other.join().unwrap()]
    });
    assert_eq!(last.iter().filter(|last| **last).count(), 1);
}

/// A value that is seen is whole, and one of two is set.
#[test]
fn a_value_is_set_once() {
    let once = SetOnce::<[u64; 2]>::new();
    thread::scope(|scope| {
        let setters = [1, 2].map(|value| {
            let once = &once;
            scope.spawn(move || once.populate([value, value]))
        });
        if let Some([left, right]) = once.as_ref() {
            assert_eq!(left, right);
        }
        let set = setters.map(|setter| setter.join().unwrap());
        assert_ne!(set[0], set[1]);
    });
    assert!(once.as_ref().is_some());
}

/// A reader sees the old value or the new one, as long as it needs it.
#[test]
fn a_reader_keeps_what_it_sees() {
    let value = |number: u32| KBox::new(number, GFP_KERNEL).unwrap();
    let rcu = Rcu::new(value(1));
    thread::scope(|scope| {
        scope.spawn(|| {
            rcu.read(|seen| assert!(seen.is_some_and(|seen| (1..=2).contains(seen))));
        });
        *rcu.replace(value(2)).unwrap() = 99;
    });
}

/// A queue on which somebody polls goes when nobody looks at it any more.
#[test]
fn a_queue_goes_after_its_pollers() {
    let queue = KBox::pin_init(new_poll_condvar!(), GFP_KERNEL).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| queue.notify_all());
        queue.notify_all();
    });
    drop(queue);
}

/// What a waiter sees after a completion was written before it.
#[test]
fn a_completion_publishes() {
    let done = KBox::pin_init(Completion::new(), GFP_KERNEL).unwrap();
    let mut value = 0;
    thread::scope(|scope| {
        let written = &mut value;
        let done = &done;
        scope.spawn(move || {
            *written = 7;
            done.complete();
        });
        done.wait_for_completion();
    });
    assert_eq!(value, 7);
}

/// A thread's result is taken once, whoever is first: the thread that ends, or the handle that goes.
#[test]
fn a_thread_ends_while_its_handle_goes() {
    let module = fake::load::<Empty>().unwrap();
    let thread = kthread::spawn(c"quick", || KBox::new(7, GFP_KERNEL)).unwrap();
    thread.detach();
    let thread = kthread::spawn(c"quick", || 7).unwrap();
    assert_eq!(thread.join(), 7);
    drop(module);
}

/// Works that are queued while a queue goes.
#[test]
fn works_run_before_their_queue_goes() {
    let module = fake::load::<Empty>().unwrap();
    let sum: Arc<Mutex<u32>> = Arc::pin_init(new_mutex!(0), GFP_KERNEL).unwrap();
    let queue = Queue::new_unbound().build(c"races").unwrap();
    for _ in 0..2 {
        let sum = sum.clone();
        let add = move || *sum.lock() += 1;
        queue.try_spawn(GFP_KERNEL, add).unwrap();
    }
    drop(queue);
    assert_eq!(*sum.lock(), 2);
    drop(sum);
    drop(module);
}
