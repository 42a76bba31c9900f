// SPDX-License-Identifier: GPL-2.0-only

//! Owners, on the host's memory.

use super::*;
use crate::prelude::*;
use crate::types::ForeignOwnable;

#[test]
fn the_last_owner_drops_the_value() {
    let watched = std::sync::Arc::new(());
    let one = Arc::new(watched.clone(), GFP_KERNEL).unwrap();
    let other = one.clone();
    assert!(Arc::ptr_eq(&one, &other));
    assert!(one.into_unique_or_drop().is_none());
    assert_eq!(std::sync::Arc::strong_count(&watched), 2);
    let unique = other.into_unique_or_drop().unwrap();
    drop(unique);
    assert_eq!(std::sync::Arc::strong_count(&watched), 1);
}

#[test]
fn ownership_passes_through_c() {
    let arc = Arc::new(7u64, GFP_KERNEL).unwrap();
    let foreign = arc.clone().into_foreign();
    // SAFETY: it came from `into_foreign` and is taken back after the borrow.
    let borrowed = unsafe { <Arc<u64> as ForeignOwnable>::borrow(foreign) };
    assert!(Arc::ptr_eq(&Arc::from(borrowed), &arc));
    // SAFETY: it came from `into_foreign`, and the borrow is over.
    let back = unsafe { <Arc<u64> as ForeignOwnable>::from_foreign(foreign) };
    assert_eq!(*back, 7);
}

/// A method for each kind of `self`.
trait Name {
    fn of_owner(self: Arc<Self>) -> usize;
    fn of_borrow(self: ArcBorrow<'_, Self>) -> usize;
    fn of_only(self: UniqueArc<Self>) -> usize;
    fn of_box(self: KBox<Self>) -> usize;
    fn of_pinned(self: Pin<KBox<Self>>) -> usize;
}

/// A value that is aligned to more than the count before it.
#[repr(align(64))]
struct Aligned {
    number: usize,
}

impl Aligned {
    fn of_shared(self: &Arc<Self>) -> usize {
        self.clone().number + 3
    }
}

impl Name for Aligned {
    fn of_owner(self: Arc<Self>) -> usize {
        self.number + 1
    }

    fn of_borrow(self: ArcBorrow<'_, Self>) -> usize {
        Arc::from(self).number + 2
    }

    fn of_only(mut self: UniqueArc<Self>) -> usize {
        self.number += 4;
        self.number
    }

    fn of_box(mut self: KBox<Self>) -> usize {
        self.number += 5;
        self.number
    }

    fn of_pinned(self: Pin<KBox<Self>>) -> usize {
        self.number + 6
    }
}

#[test]
fn methods_are_called_on_what_a_value_implements() {
    let arc = Arc::new(Aligned { number: 10 }, GFP_KERNEL).unwrap();
    assert_eq!(arc.of_shared(), 13);
    let arc: Arc<dyn Name> = arc;
    assert_eq!(arc.as_arc_borrow().of_borrow(), 12);
    // SAFETY: it came from `into_raw`, and is taken back once.
    let arc = unsafe { Arc::from_raw(arc.into_raw()) };
    assert_eq!(arc.of_owner(), 11);
    let unique: UniqueArc<dyn Name> = UniqueArc::new(Aligned { number: 10 }, GFP_KERNEL).unwrap();
    assert_eq!(unique.of_only(), 14);
    let boxed: KBox<dyn Name> = KBox::new(Aligned { number: 10 }, GFP_KERNEL).unwrap();
    assert_eq!(boxed.of_box(), 15);
    let pinned: Pin<KBox<dyn Name>> = KBox::pin(Aligned { number: 10 }, GFP_KERNEL).unwrap();
    assert_eq!(pinned.of_pinned(), 16);
}

#[test]
fn an_owner_of_a_dyn_value_drops_it_as_what_it_is() {
    let watched = std::sync::Arc::new(());
    let any: Arc<dyn core::any::Any> = Arc::new(watched.clone(), GFP_KERNEL).unwrap();
    let slice: Arc<[std::sync::Arc<()>]> =
        Arc::new([watched.clone(), watched.clone()], GFP_KERNEL).unwrap();
    assert_eq!(slice.len(), 2);
    assert_eq!(std::sync::Arc::strong_count(&watched), 4);
    drop(any);
    drop(slice);
    assert_eq!(std::sync::Arc::strong_count(&watched), 1);
}

#[test]
fn a_count_that_overflows_leaks_the_value() {
    let count = AtomicI32::new(i32::MAX);
    acquire(&count);
    acquire(&count);
    assert_eq!(count.load(Ordering::Relaxed), SATURATED);
    assert!(!release(&count));
    assert_eq!(count.load(Ordering::Relaxed), SATURATED);
}
