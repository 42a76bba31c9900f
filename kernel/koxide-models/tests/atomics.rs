// SPDX-License-Identifier: GPL-2.0-only

//! The models' own atomics: they find what weak orders allow, and allow what strong ones do not.

use std::sync::Arc;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use core::{Watched, model};
use loom::thread;

/// Whether both of two threads can miss what the other has stored before it looked.
fn both_miss(store: Ordering, load: Ordering) -> bool {
    let missed = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let result = missed.clone();
    model(move || {
        let flags = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
        let _ = flags.each_ref().map(|flag| flag.load(Ordering::Relaxed));
        let look = move |flags: &[AtomicBool; 2], mine: usize| {
            // One of another place does not make what follows stronger.
            AtomicBool::new(false).store(true, Ordering::SeqCst);
            flags[mine].store(true, store);
            flags[1 - mine].load(load)
        };
        let other = {
            let flags = flags.clone();
            thread::spawn(move || look(&flags, 1))
        };
        if !look(&flags, 0) & !other.join().unwrap() {
            missed.store(true, Ordering::Relaxed);
        }
    });
    result.load(Ordering::Relaxed)
}

#[test]
fn a_load_overtakes_a_store_unless_both_are_sequentially_consistent() {
    assert!(!both_miss(Ordering::SeqCst, Ordering::SeqCst));
    assert!(both_miss(Ordering::Release, Ordering::SeqCst));
    assert!(both_miss(Ordering::SeqCst, Ordering::Acquire));
}

/// Publishes memory by a number.
fn publish(store: Ordering) {
    model(move || {
        let shared = Arc::new((AtomicU32::new(0), Watched::new()));
        assert_eq!(shared.0.load(Ordering::Relaxed), 0);
        let writer = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.write();
                shared.0.store(1, store);
            })
        };
        if shared.0.load(Ordering::Acquire) == 1 {
            shared.1.read();
        }
        writer.join().unwrap();
    });
}

#[test]
fn what_is_released_is_there() {
    publish(Ordering::Release);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn what_is_not_released_is_a_race() {
    publish(Ordering::Relaxed);
}

#[test]
fn outside_of_a_model_they_are_ordinary() {
    static COUNT: AtomicU32 = AtomicU32::new(40);

    assert_eq!(COUNT.fetch_add(2, Ordering::SeqCst), 40);
    assert_eq!(
        COUNT.compare_exchange(42, 7, Ordering::AcqRel, Ordering::Relaxed),
        Ok(42)
    );
    assert_eq!(size_of_val(&COUNT), 4);
}
