// SPDX-License-Identifier: GPL-2.0-only

//! Counts of owners: the last one is one, and comes after all others.

extern crate koxide_models as kernel;

use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicU32, Ordering};

use core::{Watched, model};
use kernel::prelude::*;
use kernel::sync::{Arc, Refcount};
use loom::thread;

#[test]
fn the_last_reference_comes_after_the_others() {
    model(|| {
        let shared = StdArc::new((Refcount::new(1), Watched::new()));
        shared.0.inc();
        let end = |shared: &(Refcount, Watched)| {
            shared.1.read();
            let last = shared.0.dec_and_test();
            if last {
                shared.1.write();
            }
            last
        };
        let other = {
            let shared = shared.clone();
            thread::spawn(move || end(&shared))
        };
        let mine = end(&shared);
        assert_ne!(mine, other.join().unwrap());
    });
}

// Loom knows no order between a store and an addition of other threads, where the memory has one. So what gets a count
// stuck is not raced with what counts on: it would find ends that no processor has.
#[test]
fn a_count_that_rose_from_nothing_is_never_the_last() {
    model(|| {
        let count = StdArc::new(Refcount::new(0));
        count.inc();
        let other = {
            let count = count.clone();
            thread::spawn(move || count.dec_and_test())
        };
        let mine = count.dec_and_test();
        assert!(!mine && !other.join().unwrap());
    });
}

/// Written when it is dropped, which is counted.
struct Value(Watched, StdArc<AtomicU32>);

impl Value {
    /// With one owner, and how often it was dropped.
    fn shared() -> (Arc<Self>, StdArc<AtomicU32>) {
        let dropped = StdArc::new(AtomicU32::new(0));
        let value = Self(Watched::new(), dropped.clone());
        (Arc::new(value, GFP_KERNEL).unwrap(), dropped)
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.0.write();
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_last_owner_drops_the_value_after_the_others() {
    model(|| {
        let (arc, dropped) = Value::shared();
        let other = {
            let arc = arc.clone();
            thread::spawn(move || {
                arc.0.read();
                let again = arc.clone();
                drop(arc);
                again.0.read();
            })
        };
        arc.0.read();
        drop(arc);
        other.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn one_of_two_owners_becomes_the_only_one() {
    model(|| {
        let (arc, dropped) = Value::shared();
        let become_unique = |arc: Arc<Value>| {
            arc.0.read();
            let Some(unique) = arc.into_unique_or_drop() else {
                return false;
            };
            unique.0.write();
            // It is counted from one again.
            let shared = Arc::from(unique);
            drop(shared.clone());
            assert_eq!(shared.1.load(Ordering::Relaxed), 0);
            shared.0.write();
            true
        };
        let other = {
            let arc = arc.clone();
            thread::spawn(move || become_unique(arc))
        };
        let mine = become_unique(arc);
        assert_ne!(mine, other.join().unwrap());
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}
