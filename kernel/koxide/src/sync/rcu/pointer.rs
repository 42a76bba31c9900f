// SPDX-License-Identifier: GPL-2.0-only

//! An owner that readers look at without waiting while it is replaced.

#![allow(
    unsafe_code,
    reason = "the owner is a pointer while readers look at it"
)]

use core::cell::Cell;
use core::ffi::c_void;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::{Guard, synchronize_rcu};
use crate::types::ForeignOwnable;

/// Owns a value, or none, that threads read in critical sections while another replaces it.
///
/// Who replaces it gets the old value back once nobody reads it any more. What is read is not changed in place: a writer
/// makes a new value. Several writers do not lose what they replace, but for one to build on the last they need a lock.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::rcu::Rcu};
///
/// let limit = Rcu::new(KBox::new(10, GFP_KERNEL)?);
/// assert_eq!(limit.read(|limit| limit.copied()), Some(10));
/// let old = limit.replace(KBox::new(20, GFP_KERNEL)?);
/// assert_eq!(old.as_deref(), Some(&10));
/// # Ok::<(), Error>(())
/// ```
///
/// What is read does not outlive the critical section, which begins and ends with the function that looks at it:
///
/// ```compile_fail
/// use kernel::{prelude::*, sync::rcu::Rcu};
///
/// fn limit(limit: &Rcu<KBox<u32>>) -> Option<&u32> {
///     limit.read(|limit| limit)
/// }
/// ```
///
/// A guard of a section would not do: one that is forgotten lends for ever, and its section ends with its thread.
///
/// # Invariants
///
/// The pointer is null or came from `P::into_foreign`, and belongs to this value. One that was taken out is made a `P`
/// again after a grace period.
pub struct Rcu<P: ForeignOwnable> {
    pointer: AtomicPtr<c_void>,
    // As a cell: a value is put in through a shared reference, so that no other type will do, not even a longer lifetime.
    _owner: PhantomData<Cell<P>>,
}

// SAFETY: the owner is sent along.
unsafe impl<P: ForeignOwnable + Send> Send for Rcu<P> {}
// SAFETY: threads share what the owner has, and any of them may take it out.
unsafe impl<P: ForeignOwnable + Send + Sync> Sync for Rcu<P> {}

impl<P: ForeignOwnable> Rcu<P> {
    /// With a value.
    pub fn new(value: P) -> Self {
        // INVARIANT: it came from `into_foreign`.
        Self {
            pointer: AtomicPtr::new(value.into_foreign()),
            _owner: PhantomData,
        }
    }

    /// With no value.
    pub const fn empty() -> Self {
        // INVARIANT: it is null.
        Self {
            pointer: AtomicPtr::new(core::ptr::null_mut()),
            _owner: PhantomData,
        }
    }

    /// Runs `look` with the value in a critical section, and gives what it returns.
    ///
    /// # Context
    ///
    /// Any; `look` does not sleep.
    pub fn read<R>(&self, look: impl FnOnce(Option<P::Borrowed<'_>>) -> R) -> R {
        let _guard = Guard::new();
        let pointer = self.pointer.load(Ordering::Acquire);
        // SAFETY: it came from `into_foreign`. Who takes it out has it back after a grace period, which the guard keeps from
        // ending until `look` has returned, which cannot keep it; and nobody borrows it exclusively before that.
        let value = (!pointer.is_null()).then(|| unsafe { P::borrow(pointer) });
        look(value)
    }

    /// Puts a value in the old one's place, and gives that back, if there was one, when nobody reads it any more.
    ///
    /// # Context
    ///
    /// Process context; sleeps for a grace period. In a critical section it would wait for itself.
    pub fn replace(&self, value: P) -> Option<P> {
        self.swap(value.into_foreign())
    }

    /// Takes the value out, and gives it back, if there was one, when nobody reads it any more.
    ///
    /// # Context
    ///
    /// As for [`replace`](Self::replace).
    pub fn take(&self) -> Option<P> {
        self.swap(core::ptr::null_mut())
    }

    /// Exchanges the pointer.
    fn swap(&self, new: *mut c_void) -> Option<P> {
        // INVARIANT: the callers have null, or what came from `into_foreign`.
        let old = self.pointer.swap(new, Ordering::AcqRel);
        if old.is_null() {
            return None;
        }
        synchronize_rcu();
        // SAFETY: it came from `into_foreign`, only this thread took it out, and whoever found it before reads it no more.
        Some(unsafe { P::from_foreign(old) })
    }
}

impl<P: ForeignOwnable> Default for Rcu<P> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<P: ForeignOwnable> Drop for Rcu<P> {
    fn drop(&mut self) {
        let pointer = *self.pointer.get_mut();
        // SAFETY: it is null or came from `into_foreign` and was not taken out; what was read of it has borrowed `self`.
        drop(unsafe { P::try_from_foreign(pointer) });
    }
}

/// A function that wants what lives for ever does not take the place of one that does not:
///
/// ```compile_fail,E0308
/// use kernel::{prelude::*, sync::rcu::Rcu};
///
/// fn put(rcu: &Rcu<KBox<for<'a> fn(&'a u32)>>, keep: KBox<fn(&'static u32)>) {
///     let wider: &Rcu<KBox<fn(&'static u32)>> = rcu;
///     drop(wider.replace(keep));
/// }
/// ```
#[cfg(doctest)]
struct Attacks;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::prelude::*;

    #[test]
    fn each_value_is_dropped_once() -> Result {
        let watched = Arc::new(());
        let value = || KBox::new(watched.clone(), GFP_KERNEL);
        let rcu = Rcu::empty();
        assert!(rcu.take().is_none());
        assert!(rcu.replace(value()?).is_none());
        assert!(rcu.replace(value()?).is_some());
        assert_eq!(Arc::strong_count(&watched), 2);
        assert!(rcu.take().is_some() && rcu.read(|value| value.is_none()));
        assert!(rcu.replace(value()?).is_none());
        drop(rcu);
        assert_eq!(Arc::strong_count(&watched), 1);
        Ok(())
    }

    /// A value that was replaced is overwritten at once: a reader would see it.
    #[test]
    fn readers_see_whole_values() {
        // Miri takes long for each.
        let (reads, writes) = if cfg!(miri) { (10, 5) } else { (2000, 200) };
        let pair = |value: u32| KBox::new((value, value), GFP_KERNEL).unwrap();
        let rcu = Rcu::new(pair(0));
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..reads {
                        rcu.read(|value| assert!(value.is_some_and(|value| value.0 == value.1)));
                    }
                });
            }
            for value in 1..writes {
                let mut old = rcu.replace(pair(value)).unwrap();
                *old = (value, !value);
            }
        });
    }
}
