// SPDX-License-Identifier: GPL-2.0-only

//! Vectors, on the host's memory.

use std::rc::Rc;
use std::vec::Vec as StdVec;

use crate::alloc::kvec::{InsertError, PushError};
use crate::prelude::*;

#[test]
fn elements_come_back_in_their_order() {
    let mut vec = KVec::new();
    for number in 0..1000 {
        vec.push(number, GFP_KERNEL).unwrap();
    }
    assert_eq!(vec.len(), 1000);
    assert_eq!(vec.pop(), Some(999));
    assert_eq!(StdVec::from_iter(vec), (0..999).collect::<StdVec<_>>());
}

#[test]
fn each_element_is_dropped_once() {
    let count = Rc::new(());
    let mut vec = VVec::from_elem(count.clone(), 10, GFP_KERNEL).unwrap();
    assert_eq!(Rc::strong_count(&count), 11);
    vec.truncate(7);
    assert_eq!(Rc::strong_count(&count), 8);
    drop(vec.remove(3).unwrap());
    assert_eq!(Rc::strong_count(&count), 7);
    let mut rest = vec.into_iter();
    drop(rest.next());
    assert_eq!(Rc::strong_count(&count), 6);
    drop(rest);
    assert_eq!(Rc::strong_count(&count), 1);
}

#[test]
fn elements_of_no_size_need_no_memory() {
    let mut vec = KVec::new();
    for _ in 0..10 {
        vec.push((), GFP_KERNEL).unwrap();
    }
    assert_eq!(vec.len(), 10);
    assert_eq!(vec.into_iter().count(), 10);
}

#[test]
fn sizes_that_nothing_has_are_errors() {
    assert!(KVec::<u64>::with_capacity(usize::MAX, GFP_KERNEL).is_err());
    assert!(KVec::<u64>::with_capacity(usize::MAX / 8, GFP_KERNEL).is_err());
    let mut vec = kvec![1u8].unwrap();
    assert!(vec.reserve(usize::MAX, GFP_KERNEL).is_err());
    assert_eq!(vec, [1]);
}

#[test]
fn elements_are_removed_and_kept() {
    let mut vec = kvec![1, 2, 3, 4, 5].unwrap();
    assert_eq!(vec.remove(1), Ok(2));
    assert!(vec.remove(4).is_err());
    assert!(vec.remove(5).is_err());
    vec.retain(|number| *number != 4);
    assert_eq!(vec, [1, 3, 5]);
    vec.resize(5, 9, GFP_KERNEL).unwrap();
    assert_eq!(vec, [1, 3, 5, 9, 9]);
    vec.resize(1, 0, GFP_KERNEL).unwrap();
    assert_eq!(vec, [1]);
}

#[test]
fn room_is_kept_when_elements_go() {
    let mut vec = KVVec::with_capacity(8, GFP_KERNEL).unwrap();
    vec.extend_from_slice(&[1, 2, 3], GFP_KERNEL).unwrap();
    vec.clear();
    assert!(vec.is_empty());
    assert!(vec.capacity() >= 8);
    assert_eq!(vec.push_within_capacity(4), Ok(()));
    assert_eq!(KVec::<u8>::new().push_within_capacity(4), Err(PushError(4)));
}

#[test]
fn an_element_is_put_between_others() {
    let mut numbers = KVec::with_capacity(3, GFP_KERNEL).unwrap();
    assert_eq!(numbers.insert_within_capacity(0, 3), Ok(()));
    assert_eq!(numbers.insert_within_capacity(0, 1), Ok(()));
    assert_eq!(numbers.insert_within_capacity(1, 2), Ok(()));
    assert_eq!(numbers, [1, 2, 3]);
    let beyond = numbers.insert_within_capacity(4, 9);
    assert_eq!(beyond, Err(InsertError::IndexOutOfBounds(9)));
    let full = (numbers.len()..=numbers.capacity())
        .find_map(|_| numbers.insert_within_capacity(0, 0).err());
    assert_eq!(full, Some(InsertError::OutOfCapacity(0)));
}

/// Counts how often it was dropped; one that is lost leaks nothing.
struct CountsDrops<'a>(&'a core::cell::Cell<u32>);

impl Drop for CountsDrops<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn all_elements_are_taken_and_the_memory_stays() {
    let count = Rc::new(());
    let mut vec = KVec::from_elem(count.clone(), 5, GFP_KERNEL).unwrap();
    let mut all = vec.drain_all();
    assert_eq!(all.len(), 5);
    drop(all.next());
    assert_eq!(Rc::strong_count(&count), 5);
    drop(all);
    assert_eq!(Rc::strong_count(&count), 1);
    assert!(vec.is_empty() && vec.capacity() >= 5);
    // Who forgets the iterator loses the elements, and nothing is dropped, once or twice.
    let drops = core::cell::Cell::new(0);
    let mut vec = KVec::new();
    vec.push(CountsDrops(&drops), GFP_KERNEL).unwrap();
    core::mem::forget(vec.drain_all());
    drop(vec);
    assert_eq!(drops.get(), 0);
    let mut nothings = KVec::from_elem((), 3, GFP_KERNEL).unwrap();
    assert_eq!(nothings.drain_all().count(), 3);
}

#[test]
fn what_is_left_is_a_vector_again() {
    let count = Rc::new(());
    let vec = KVVec::from_elem(count.clone(), 5, GFP_KERNEL).unwrap();
    let mut iter = vec.into_iter();
    iter.next();
    let left = iter.collect(GFP_KERNEL);
    assert_eq!((left.len(), left.capacity()), (4, 4));
    assert_eq!(Rc::strong_count(&count), 5);
    drop(left);
    assert_eq!(Rc::strong_count(&count), 1);
    let mut none = kvec![1, 2].unwrap().into_iter();
    none.by_ref().for_each(drop);
    assert_eq!(none.collect(GFP_KERNEL), []);
}

#[test]
fn memory_is_given_back() {
    let mut vec = KVVec::with_capacity(100, GFP_KERNEL).unwrap();
    vec.extend_from_slice(&[1, 2, 3], GFP_KERNEL).unwrap();
    vec.shrink_to(10, GFP_KERNEL).unwrap();
    assert_eq!(vec.capacity(), 10);
    vec.shrink_to(0, GFP_KERNEL).unwrap();
    assert_eq!((vec.capacity(), vec.as_slice()), (3, &[1, 2, 3][..]));
    vec.clear();
    vec.shrink_to(0, GFP_KERNEL).unwrap();
    assert_eq!(vec.capacity(), 0);
    vec.push(4, GFP_KERNEL).unwrap();
    assert_eq!(vec, [4]);
}

#[test]
fn vectors_are_made_of_what_there_is() {
    let mut vec = KVec::from(KBox::new([1, 2, 3], GFP_KERNEL).unwrap());
    vec.push(4, GFP_KERNEL).unwrap();
    assert_eq!(vec, [1, 2, 3, 4]);
    let (memory, len, capacity) = vec.into_raw_parts();
    // SAFETY: these are the vector's parts, and are given back at once.
    let vec = unsafe { KVec::from_raw_parts(memory, len, capacity) };
    assert_eq!(vec, [1, 2, 3, 4]);
    assert_eq!(KVec::<u32>::zeroed(3, GFP_KERNEL).unwrap(), [0, 0, 0]);
    let none = KVec::<Option<KVec<u8>>>::zeroed(2, GFP_KERNEL).unwrap();
    assert!(none.iter().all(Option::is_none));
    let mut nothings = KVec::from(KBox::new([(); 3], GFP_KERNEL).unwrap());
    nothings.push((), GFP_KERNEL).unwrap();
    assert_eq!(nothings.len(), 4);
}

/// A value whose drop panics if it holds `true`.
struct Fragile {
    _count: Rc<()>,
    breaks: bool,
}

impl Drop for Fragile {
    fn drop(&mut self) {
        assert!(!self.breaks, "it broke");
    }
}

/// Whether there is still memory Miri finds out.
#[test]
fn what_is_around_is_dropped_and_freed_when_a_drop_panics() {
    let count = Rc::new(());
    let fragile = |breaks| Fragile {
        _count: count.clone(),
        breaks,
    };
    let three = || {
        let elements = [false, true, false].map(fragile);
        KVec::from(KBox::new(elements, GFP_KERNEL).unwrap())
    };
    let one = || KBox::new(fragile(true), GFP_KERNEL).unwrap();
    let mut row = three();
    let ways: [&mut dyn FnMut(); 7] = [
        &mut || drop(one()),
        &mut || drop(KBox::drop_contents(one())),
        &mut || drop(crate::sync::Arc::new(one(), GFP_KERNEL).unwrap()),
        &mut || drop(three()),
        &mut || drop(three().into_iter()),
        &mut || drop(three().drain_all()),
        &mut || row.clear(),
    ];
    for way in ways {
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(way));
        assert!(broken.is_err());
    }
    assert!(row.is_empty());
    assert_eq!(Rc::strong_count(&count), 1);
}
