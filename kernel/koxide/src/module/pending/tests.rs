// SPDX-License-Identifier: GPL-2.0-only

//! The list and the count, without a kernel.

use std::boxed::Box;
use std::sync::atomic::AtomicU32;
use std::vec::Vec;

use super::*;
use crate::prelude::*;

/// An entry and what is to come of it.
#[pin_data]
struct Thing {
    #[pin]
    entry: Entry,
    busy_for: AtomicU32,
    taken: AtomicBool,
    settled: AtomicBool,
}

static KIND: Kind = Kind { end, settle };

fn thing_of<'a>(entry: *const Entry) -> &'a Thing {
    let thing = entry.wrapping_byte_sub(core::mem::offset_of!(Thing, entry));
    // SAFETY: all entries here are fields of things that live until their list was finished.
    unsafe { &*thing.cast::<Thing>() }
}

/// Busy for a while; then taken, if it is to be.
///
/// # Safety
///
/// As for [`Kind::end`].
unsafe fn end(entry: *const Entry, _: Scope) -> Ended {
    let thing = thing_of(entry);
    let busy = thing.busy_for.load(Ordering::Relaxed);
    if busy > 0 {
        thing.busy_for.store(busy - 1, Ordering::Relaxed);
        Ended::Busy
    } else if thing.taken.swap(false, Ordering::Relaxed) {
        Ended::Taken
    } else {
        Ended::Idle
    }
}

/// Says that it was settled.
///
/// # Safety
///
/// As for [`Kind::settle`].
unsafe fn settle(entry: *const Entry) {
    thing_of(entry).settled.store(true, Ordering::Relaxed);
}

fn pending() -> &'static Pending {
    // What a static leads to is no leak.
    static ALL: std::sync::Mutex<Vec<&'static Pending>> = std::sync::Mutex::new(Vec::new());
    let pending = Box::leak(Box::new(Pending::new()));
    ALL.lock().unwrap().push(pending);
    pending
}

fn thing(pending: &'static Pending, busy_for: u32, taken: bool) -> Pin<KBox<Thing>> {
    let thing = crate::pin_init::pin_init!(Thing {
        entry <- Entry::of(pending, &KIND),
        busy_for: AtomicU32::new(busy_for),
        taken: AtomicBool::new(taken),
        settled: AtomicBool::new(false),
    });
    let thing = KBox::pin_init(thing, GFP_KERNEL).unwrap();
    // SAFETY: it is new, and a thing.
    unsafe { Entry::list(&raw const thing.entry) };
    thing
}

/// How many entries are in a list.
fn length(pending: &'static Pending) -> usize {
    let _locked = Locked::new();
    let mut length = 0;
    let mut at = pending.first.get();
    // SAFETY: what is in the list is valid as long as it is locked.
    while let Some(entry) = unsafe { at.as_ref() } {
        length += 1;
        at = entry.next.get();
    }
    length
}

#[test]
fn entries_are_in_the_list_as_long_as_they_exist() {
    let pending = pending();
    let mut things: Vec<_> = (0..5).map(|_| thing(pending, 0, false)).collect();
    assert_eq!(length(pending), 5);
    for at in [2, 0, 2] {
        drop(things.remove(at));
    }
    assert_eq!(length(pending), 2);
    assert!(things[0].entry.unlist());
    assert!(!things[0].entry.unlist());
    drop(things);
    assert_eq!(length(pending), 0);
}

#[test]
fn what_is_busy_is_waited_for_and_what_is_taken_is_settled() {
    let pending = pending();
    let things = [
        thing(pending, 3, true),
        thing(pending, 0, true),
        thing(pending, 7, false),
    ];
    pending.finish();
    assert_eq!(things[2].busy_for.load(Ordering::Relaxed), 0);
    let settled = things
        .each_ref()
        .map(|thing| thing.settled.load(Ordering::Relaxed));
    assert_eq!(settled, [true, true, false]);
    assert_eq!(length(pending), 1);
}

#[test]
fn nothing_is_taken_after_the_end_and_what_was_is_waited_for() {
    let pending = pending();
    let count = || pending.owed.load(Ordering::SeqCst);
    let owed = Owed::of(pending).unwrap();
    let given_up = Owed::of(pending).unwrap();
    given_up.into_kernel();
    assert_eq!(count(), 2);
    let waiter = std::thread::spawn(|| pending.finish());
    while !pending.closed.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    assert!(Owed::of(pending).is_none());
    // What was refused does not count, and has not counted for something else.
    assert_eq!(count(), 2);
    drop(owed);
    assert!(!waiter.is_finished());
    drop(Owed(pending));
    waiter.join().unwrap();
    assert_eq!(count(), 0);
}

/// Who comes while the module goes is either refused or waited for.
#[test]
fn a_race_for_the_last_callback_has_no_third_end() {
    let pending = pending();
    let gone = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(owed) = Owed::of(pending) {
                assert!(!gone.load(Ordering::Relaxed));
                drop(owed);
            }
        });
        pending.finish();
        gone.store(true, Ordering::Relaxed);
    });
    assert_eq!(pending.owed.load(Ordering::SeqCst), 0);
}
