// SPDX-License-Identifier: GPL-2.0-only

//! Who replaces a value has it alone afterwards; who reads it has it whole.

extern crate koxide_models as kernel;

use std::sync::Arc;

use core::{Watched, model};
use kernel::prelude::*;
use kernel::sync::rcu::Rcu;
use loom::thread;

/// A value that was just written.
fn value(number: u32) -> KBox<(u32, Watched)> {
    KBox::new((number, Watched::new()), GFP_KERNEL).unwrap()
}

/// The number of what is read, in each of the ways in which it could go wrong.
fn read(rcu: &Rcu<KBox<(u32, Watched)>>) -> Option<u32> {
    rcu.read(|value| {
        let (number, memory) = &**value.as_ref()?;
        memory.read();
        Some(*number)
    })
}

#[test]
fn a_reader_keeps_what_it_sees() {
    model(|| {
        let rcu = Arc::new(Rcu::new(value(1)));
        assert_eq!(read(&rcu), Some(1));
        let reader = {
            let rcu = rcu.clone();
            thread::spawn(move || assert!(matches!(read(&rcu), Some(1 | 2))))
        };
        let old = rcu.replace(value(2)).unwrap();
        assert_eq!(old.0, 1);
        old.1.write();
        reader.join().unwrap();
        assert_eq!(read(&rcu), Some(2));
    });
}

#[test]
fn two_writers_lose_nothing() {
    model(|| {
        let rcu = Arc::new(Rcu::new(value(1)));
        assert_eq!(read(&rcu), Some(1));
        let replace = |rcu: &Rcu<KBox<(u32, Watched)>>, number| {
            let old = rcu.replace(value(number)).unwrap();
            old.1.write();
            old.0
        };
        let writer = {
            let rcu = rcu.clone();
            thread::spawn(move || replace(&rcu, 2))
        };
        let mine = replace(&rcu, 3);
        let other = writer.join().unwrap();
        let left = rcu.take().unwrap();
        left.1.write();
        let mut all = [mine, other, left.0];
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
        assert!(rcu.take().is_none());
    });
}
