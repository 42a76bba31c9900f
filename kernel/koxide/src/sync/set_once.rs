// SPDX-License-Identifier: GPL-2.0-only

//! A value that is set once.

#![allow(
    unsafe_code,
    reason = "the value is initialised when the state says so"
)]

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

use super::atomic::{Acquire, Atomic, Relaxed, Release};

/// Nobody has set it.
const EMPTY: u32 = 0;
/// Somebody is setting it.
const BEING_SET: u32 = 1;
/// It is set, and stays so.
const SET: u32 = 2;

/// A value that is set once, by whoever comes first, and then only read.
///
/// # Examples
///
/// ```
/// use kernel::sync::SetOnce;
///
/// static SERIAL: SetOnce<u32> = SetOnce::new();
///
/// assert_eq!(SERIAL.copy(), None);
/// assert!(SERIAL.populate(7));
/// assert!(!SERIAL.populate(8));
/// assert_eq!(SERIAL.as_ref(), Some(&7));
/// ```
///
/// # Invariants
///
/// When the state is `SET` the value is initialised, and nobody writes it any more. Who brought the state from `EMPTY` to
/// `BEING_SET`, which happens once, has the value alone until then.
pub struct SetOnce<T> {
    state: Atomic<u32>,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is sent along.
unsafe impl<T: Send> Send for SetOnce<T> {}
// SAFETY: one thread sets the value, which sends it to whichever drops it, and others share it.
unsafe impl<T: Send + Sync> Sync for SetOnce<T> {}

impl<T> SetOnce<T> {
    /// One without a value.
    pub const fn new() -> Self {
        // INVARIANT: the state is `EMPTY`.
        Self {
            state: Atomic::new(EMPTY),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Sets the value, unless somebody has done so or is doing it: then it is dropped. Whether it was set.
    pub fn populate(&self, value: T) -> bool {
        if self.state.cmpxchg(EMPTY, BEING_SET, Relaxed).is_err() {
            return false;
        }
        let slot = self.value.get().cast::<T>();
        // SAFETY: this thread brought the state to `BEING_SET`, so that it has the value alone.
        unsafe { slot.write(value) };
        // INVARIANT: the value is initialised, and this thread does not write it any more.
        self.state.store(SET, Release);
        true
    }

    /// The value, if it is set.
    pub fn as_ref(&self) -> Option<&T> {
        // SAFETY: when the state is `SET` the value is initialised, and only shared.
        (self.state.load(Acquire) == SET).then(|| unsafe { &*self.value.get().cast() })
    }

    /// A copy of the value, if it is set.
    pub fn copy(&self) -> Option<T>
    where
        T: Copy,
    {
        self.as_ref().copied()
    }
}

impl<T> Default for SetOnce<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Drop for SetOnce<T> {
    fn drop(&mut self) {
        if *self.state.get_mut() == SET {
            // SAFETY: the value is initialised, nobody shares it any more, and it is not looked at again.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn one_of_many_sets_it() {
        let (once, value) = (SetOnce::new(), Arc::new(()));
        let set = thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| once.populate(value.clone())));
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(set.iter().filter(|set| **set).count(), 1);
        assert_eq!(Arc::strong_count(&value), 2);
        assert!(once.as_ref().is_some());
        drop(once);
        assert_eq!(Arc::strong_count(&value), 1);
    }

    #[test]
    fn what_was_not_set_is_not_dropped() {
        drop(SetOnce::<std::boxed::Box<u32>>::default());
    }
}
