// SPDX-License-Identifier: GPL-2.0-only

//! Initialisers that make one thing after the other: what is made already is dropped when making the rest fails or panics.
//! pin-init's own of these names forget it when that panics, also what is registered or in a list.

#![allow(unsafe_code, reason = "initialisers are made of closures")]

use core::pin::Pin;

use crate::pin_init::{Init, PinInit, init_from_closure, pin_init_from_closure};

/// Values in a row that are made so far, which are dropped with this.
struct Made<T> {
    first: *mut T,
    count: usize,
}

impl<T> Made<T> {
    /// Makes `count` values from `first` on.
    ///
    /// # Safety
    ///
    /// `make` initialises what it is given, if it succeeds; there is room for so many, which nobody else uses meanwhile.
    unsafe fn make<E>(
        first: *mut T,
        count: usize,
        mut make: impl FnMut(usize, *mut T) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut made = Self { first, count: 0 };
        while made.count < count {
            // SAFETY: there is room for so many.
            make(made.count, unsafe { first.add(made.count) })?;
            made.count += 1;
        }
        core::mem::forget(made);
        Ok(())
    }
}

impl<T> Drop for Made<T> {
    fn drop(&mut self) {
        // SAFETY: so many were made, and whoever has them was not told of it.
        unsafe { core::ptr::slice_from_raw_parts_mut(self.first, self.count).drop_in_place() };
    }
}

/// An initialiser that has `then` look at what another one made: its `pin_chain`.
pub(crate) fn chained<T, E>(
    init: impl PinInit<T, E>,
    then: impl FnOnce(Pin<&mut T>) -> Result<(), E>,
) -> impl PinInit<T, E> {
    let initialise = move |slot: *mut T| {
        // SAFETY: the closure's caller promises what this function asks for.
        unsafe { init.__pinned_init(slot)? };
        let made = Made {
            first: slot,
            count: 1,
        };
        // SAFETY: it was just made, and nobody else uses it.
        let value = unsafe { &mut *slot };
        // SAFETY: it stays where it is.
        then(unsafe { Pin::new_unchecked(value) })?;
        core::mem::forget(made);
        Ok(())
    };
    // SAFETY: on success the slot was initialised; else what was there was dropped.
    unsafe { pin_init_from_closure(initialise) }
}

/// An initialiser of an array, of one for each element.
pub fn init_array_from_fn<I, const N: usize, T, E>(
    mut make_init: impl FnMut(usize) -> I,
) -> impl Init<[T; N], E>
where
    I: Init<T, E>,
{
    let initialise = move |slot: *mut [T; N]| {
        // SAFETY: the closure is given a place of the slot, for which its caller promises what this asks for.
        let make = |at, place| unsafe { make_init(at).__init(place) };
        // SAFETY: an initialiser does so; the slot has the room, as the closure's caller promises.
        unsafe { Made::make(slot.cast(), N, make) }
    };
    // SAFETY: on success all elements were initialised; else those that were are dropped. They may move.
    unsafe { init_from_closure(initialise) }
}

/// An initialiser of an array whose elements do not move, of one for each element.
pub fn pin_init_array_from_fn<I, const N: usize, T, E>(
    mut make_init: impl FnMut(usize) -> I,
) -> impl PinInit<[T; N], E>
where
    I: PinInit<T, E>,
{
    let initialise = move |slot: *mut [T; N]| {
        // SAFETY: the closure is given a place of the slot, for which its caller promises what this asks for.
        let make = |at, place| unsafe { make_init(at).__pinned_init(place) };
        // SAFETY: an initialiser does so; the slot has the room, as the closure's caller promises, and stays where it is.
        unsafe { Made::make(slot.cast(), N, make) }
    };
    // SAFETY: on success all elements were initialised; else those that were are dropped.
    unsafe { pin_init_from_closure(initialise) }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use super::*;
    use crate::prelude::*;

    /// Runs what panics, and counts what it left of a value.
    fn left(make: impl FnOnce(&Rc<()>)) -> usize {
        let value = Rc::new(());
        catch_unwind(AssertUnwindSafe(|| make(&value))).unwrap_err();
        Rc::strong_count(&value) - 1
    }

    #[test]
    fn what_was_made_is_dropped_when_the_rest_panics() {
        let third = |value: &Rc<()>, at| {
            assert!(at < 2, "no third one");
            Ok::<_, Error>(value.clone())
        };
        let row = |value: &Rc<()>| {
            let row = init_array_from_fn::<_, 3, Rc<()>, Error>(|at| third(value, at));
            let _ = KBox::init(row, GFP_KERNEL);
        };
        assert_eq!(left(row), 0);
        let pinned = |value: &Rc<()>| {
            let row = pin_init_array_from_fn::<_, 3, Rc<()>, Error>(|at| third(value, at));
            let _: Result<Pin<KBox<_>>> = KBox::pin_init(row, GFP_KERNEL);
        };
        assert_eq!(left(pinned), 0);
        let looked_at = |value: &Rc<()>| {
            let whole = chained(third(value, 0), |_: Pin<&mut Rc<()>>| {
                panic!("it does not please")
            });
            let _: Result<Pin<KBox<_>>> = KBox::pin_init::<Error>(whole, GFP_KERNEL);
        };
        assert_eq!(left(looked_at), 0);
    }
}
