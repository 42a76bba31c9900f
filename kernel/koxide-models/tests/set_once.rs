// SPDX-License-Identifier: GPL-2.0-only

//! A value is set by one thread, and what it stands for is there for all that see it.

extern crate koxide_models as kernel;

use std::sync::Arc;

use core::{Watched, model};
use kernel::sync::SetOnce;
use loom::thread;

#[test]
fn what_was_written_before_is_seen() {
    model(|| {
        let shared = Arc::new((SetOnce::<u32>::new(), Watched::new()));
        assert!(shared.0.as_ref().is_none());
        let setter = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.write();
                assert!(shared.0.populate(7));
            })
        };
        if let Some(value) = shared.0.as_ref() {
            assert_eq!(*value, 7);
            shared.1.read();
        }
        setter.join().unwrap();
        assert_eq!(shared.0.copy(), Some(7));
    });
}

#[test]
fn one_of_two_sets_it_and_the_others_value_is_dropped() {
    model(|| {
        let value = Arc::new(());
        let once = Arc::new(SetOnce::<(u32, Arc<()>)>::new());
        assert!(SetOnce::as_ref(&once).is_none());
        let setter = {
            let (once, value) = (once.clone(), value.clone());
            thread::spawn(move || once.populate((1, value)))
        };
        let mine = once.populate((2, value.clone()));
        let other = setter.join().unwrap();
        assert_ne!(mine, other);
        assert_eq!(SetOnce::as_ref(&once).unwrap().0, if mine { 2 } else { 1 });
        assert_eq!(Arc::strong_count(&value), 2);
        drop(once);
        assert_eq!(Arc::strong_count(&value), 1);
    });
}
