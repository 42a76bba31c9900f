// SPDX-License-Identifier: GPL-2.0-only

//! A value that several owners share.

#![allow(unsafe_code, reason = "the owners share a pointer and a count")]

mod foreign;
mod unique;

use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, offset_of};
use core::ops::Deref;
use core::pin::Pin;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicI32, Ordering, fence};

use crate::alloc::{AllocError, Flags, KBox};
use crate::init::InPlaceInit;
use crate::pin_init::{Init, PinInit};

pub use unique::UniqueArc;

/// A count that was this high never goes down again: the value is leaked, rather than freed under an owner.
const SATURATED: i32 = i32::MIN / 2;

/// The shared value and how many owners it has.
#[repr(C)]
struct ArcInner<T> {
    count: AtomicI32,
    value: T,
}

/// One of the owners of a value: a clone is another owner, and the last one drops the value.
///
/// # Invariants
///
/// The pointer came from a `KBox`, and one of the count belongs to this value.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::Arc};
///
/// let one = Arc::new(5, GFP_KERNEL)?;
/// let other = one.clone();
/// drop(one);
/// assert_eq!(*other, 5);
/// # Ok::<(), Error>(())
/// ```
pub struct Arc<T>(NonNull<ArcInner<T>>, PhantomData<ArcInner<T>>);

// SAFETY: owners on several threads share `&T`, and any of them may drop the value.
unsafe impl<T: Sync + Send> Send for Arc<T> {}
// SAFETY: a shared owner can be cloned to an owner of one's own.
unsafe impl<T: Sync + Send> Sync for Arc<T> {}

impl<T> Arc<T> {
    /// Moves a value into memory of its own, with one owner.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory; the value is dropped.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(UniqueArc::new(value, flags)?.into())
    }

    /// Gives up being an owner for a pointer to the value; [`from_raw`](Self::from_raw) takes it back.
    pub fn into_raw(self) -> *const T {
        let inner = ManuallyDrop::new(self).0;
        // SAFETY: the value is a field of what the pointer points at.
        unsafe { &raw const (*inner.as_ptr()).value }
    }

    /// Takes back what [`into_raw`](Self::into_raw) gave up.
    ///
    /// # Safety
    ///
    /// `raw` came from `into_raw` of the same type, and each is taken back once.
    pub unsafe fn from_raw(raw: *const T) -> Self {
        // SAFETY: the owner that was given up is this one now.
        unsafe { Self::from_inner(inner_of(raw)) }
    }

    /// An owner of what one of the count stands for.
    ///
    /// # Safety
    ///
    /// One of the count belongs to the caller, who gives it up.
    unsafe fn from_inner(inner: NonNull<ArcInner<T>>) -> Self {
        // INVARIANT: as the caller promises.
        Self(inner, PhantomData)
    }

    /// Borrows the value from this owner, with the right to become one.
    pub fn as_arc_borrow(&self) -> ArcBorrow<'_, T> {
        // INVARIANT: this owner lives as long as the borrow.
        ArcBorrow(self.0, PhantomData)
    }

    /// Whether two owners share one value.
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        this.0 == other.0
    }

    /// The only owner, pinned, if this is it; drops this owner otherwise.
    pub fn into_unique_or_drop(self) -> Option<Pin<UniqueArc<T>>> {
        let this = ManuallyDrop::new(self);
        // SAFETY: the count is valid as long as there is this owner.
        let count = unsafe { &(*this.0.as_ptr()).count };
        if release(count) {
            // The last owner is still here, so that it counts again.
            count.store(1, Ordering::Relaxed);
            // INVARIANT: nobody else has one of the count.
            let unique = UniqueArc(Self(this.0, PhantomData));
            // SAFETY: a value in an `Arc` does not move, and a pinned `UniqueArc` gives out no way to move it.
            return Some(unsafe { Pin::new_unchecked(unique) });
        }
        None
    }
}

/// The start of what contains a shared value.
fn inner_of<T>(value: *const T) -> NonNull<ArcInner<T>> {
    let inner = value
        .cast_mut()
        .cast::<u8>()
        .wrapping_sub(offset_of!(ArcInner<T>, value));
    // SAFETY: a value in memory has room for the count before it, so that this is not null.
    unsafe { NonNull::new_unchecked(inner.cast()) }
}

/// Counts one more owner.
fn acquire(count: &AtomicI32) {
    // Who clones has an owner already: nothing needs to be ordered.
    if count.fetch_add(1, Ordering::Relaxed) < 0 {
        // INVARIANT: the count is so far from 0 that it stays negative whatever the owners do meanwhile.
        count.store(SATURATED, Ordering::Relaxed);
    }
}

/// Counts one owner less; whether it was the last.
fn release(count: &AtomicI32) -> bool {
    match count.fetch_sub(1, Ordering::Release) {
        1 => {
            // What the other owners did to the value comes before what is done to it now.
            fence(Ordering::Acquire);
            true
        }
        before if before <= 0 => {
            count.store(SATURATED, Ordering::Relaxed);
            false
        }
        _ => false,
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        // SAFETY: the count is valid as long as there is this owner.
        acquire(unsafe { &(*self.0.as_ptr()).count });
        // INVARIANT: just counted.
        Self(self.0, PhantomData)
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        // SAFETY: the count is valid as long as there is this owner.
        if release(unsafe { &(*self.0.as_ptr()).count }) {
            // SAFETY: it came from a `KBox`, and there is no other owner.
            drop(unsafe { KBox::from_raw(self.0.as_ptr()) });
        }
    }
}

impl<T> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as there is this owner, and owners only share it.
        unsafe { &(*self.0.as_ptr()).value }
    }
}

impl<T> AsRef<T> for Arc<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: fmt::Display> fmt::Display for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug> fmt::Debug for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> InPlaceInit<T> for Arc<T> {
    type PinnedSelf = Self;

    fn try_pin_init<E: From<AllocError>>(
        init: impl PinInit<T, E>,
        flags: Flags,
    ) -> Result<Self, E> {
        UniqueArc::try_pin_init(init, flags).map(Into::into)
    }

    fn try_init<E: From<AllocError>>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E> {
        UniqueArc::try_init(init, flags).map(Into::into)
    }
}

/// A borrow of an owner's value, with the right to become an owner.
///
/// # Invariants
///
/// An owner exists during `'a`.
pub struct ArcBorrow<'a, T>(NonNull<ArcInner<T>>, PhantomData<&'a T>);

// SAFETY: a borrow on another thread shares the value and can become an owner there.
unsafe impl<T: Sync + Send> Send for ArcBorrow<'_, T> {}
// SAFETY: as for `Send`, since a borrow can be copied.
unsafe impl<T: Sync + Send> Sync for ArcBorrow<'_, T> {}

impl<T> Clone for ArcBorrow<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ArcBorrow<'_, T> {}

impl<T> Deref for ArcBorrow<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as the owner, and owners only share it.
        unsafe { &(*self.0.as_ptr()).value }
    }
}

impl<T> From<ArcBorrow<'_, T>> for Arc<T> {
    fn from(borrow: ArcBorrow<'_, T>) -> Self {
        // SAFETY: the count is valid as long as the owner that was borrowed from.
        acquire(unsafe { &(*borrow.0.as_ptr()).count });
        // INVARIANT: just counted.
        Self(borrow.0, PhantomData)
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_count_that_overflows_leaks_the_value() {
        let count = AtomicI32::new(i32::MAX);
        acquire(&count);
        acquire(&count);
        assert_eq!(count.load(Ordering::Relaxed), SATURATED);
        assert!(!release(&count));
        assert_eq!(count.load(Ordering::Relaxed), SATURATED);
    }
}
