// SPDX-License-Identifier: GPL-2.0-only

//! A value that several owners share.

#![allow(unsafe_code, reason = "the owners share a pointer and a count")]

mod foreign;
mod unique;

use core::alloc::Layout;
use core::borrow::Borrow;
use core::fmt;
use core::marker::{PhantomData, Unsize};
use core::mem::ManuallyDrop;
use core::ops::{CoerceUnsized, Deref, DispatchFromDyn};
use core::pin::{Pin, PinCoerceUnsized};
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
struct ArcInner<T: ?Sized> {
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
///
/// It becomes an owner of what its value implements:
///
/// ```
/// use kernel::{fmt::Display, prelude::*, str::CString, sync::Arc};
///
/// let number: Arc<dyn Display> = Arc::new(42, GFP_KERNEL)?;
/// let word: Arc<dyn Display> = Arc::new("hello", GFP_KERNEL)?;
/// assert_eq!(&*CString::try_from_fmt(fmt!("{number} {word}"))?, c"42 hello");
/// # Ok::<(), Error>(())
/// ```
///
/// A method may take it as `self: Arc<Self>`, in a crate that says `#![feature(arbitrary_self_types)]` at its root.
pub struct Arc<T: ?Sized>(NonNull<ArcInner<T>>, PhantomData<ArcInner<T>>);

// The value does not move when an owner does.
impl<T: ?Sized> Unpin for Arc<T> {}

// SAFETY: owners on several threads share `&T`, and any of them may drop the value.
unsafe impl<T: ?Sized + Sync + Send> Send for Arc<T> {}
// SAFETY: a shared owner can be cloned to an owner of one's own.
unsafe impl<T: ?Sized + Sync + Send> Sync for Arc<T> {}

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
}

impl<T: ?Sized> Arc<T> {
    /// Gives up being an owner for a pointer to the value; [`from_raw`](Self::from_raw) takes it back.
    pub fn into_raw(self) -> *const T {
        Self::as_ptr(&ManuallyDrop::new(self))
    }

    /// The address of the value.
    pub fn as_ptr(this: &Self) -> *const T {
        // SAFETY: the value is a field of what the pointer points at.
        unsafe { &raw const (*this.0.as_ptr()).value }
    }

    /// Takes back what [`into_raw`](Self::into_raw) gave up.
    ///
    /// # Safety
    ///
    /// `raw` came from `into_raw` of the same type, and each is taken back once.
    pub unsafe fn from_raw(raw: *const T) -> Self {
        // SAFETY: it came from `into_raw`, and the owner that was given up still counts.
        let inner = unsafe { inner_of(raw) };
        // SAFETY: the owner that was given up is this one now.
        unsafe { Self::from_inner(inner) }
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
        core::ptr::addr_eq(this.0.as_ptr(), other.0.as_ptr())
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
///
/// # Safety
///
/// `value` is the address of the value of an [`Arc`], and one of the count stands for it.
unsafe fn inner_of<T: ?Sized>(value: *const T) -> NonNull<ArcInner<T>> {
    // SAFETY: the value lives, as the caller promises.
    let layout = Layout::for_value(unsafe { &*value });
    // The fields are in C's order: the value comes after the count, where its alignment lets it.
    let offset = size_of::<AtomicI32>().next_multiple_of(layout.align());
    let inner = value.wrapping_byte_sub(offset) as *mut ArcInner<T>;
    // SAFETY: a value in memory has room for the count before it, so that this is not null.
    unsafe { NonNull::new_unchecked(inner) }
}

/// Drops the value of which the last owner goes. There is one of this for a type, and not one where an owner goes.
///
/// # Safety
///
/// This is the last owner's, who is no more.
#[cold]
#[inline(never)]
unsafe fn drop_last<T: ?Sized>(inner: NonNull<ArcInner<T>>) {
    // SAFETY: it came from a `KBox`, and there is no owner.
    drop(unsafe { KBox::from_raw(inner.as_ptr()) });
}

/// Counts one more owner.
fn acquire(count: &AtomicI32) {
    // Who clones has an owner already: nothing needs to be ordered.
    if count.fetch_add(1, Ordering::Relaxed) < 0 {
        // INVARIANT: the count is so far from 0 that it stays negative whatever the owners do meanwhile.
        count.store(SATURATED, Ordering::Relaxed);
    }
}

/// Counts one owner less; whether it was the last. One function for all types.
#[inline(never)]
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

// SAFETY: an owner gives out the same value each time, and never an exclusive reference to it.
unsafe impl<T: ?Sized> PinCoerceUnsized for Arc<T> {}
// An owner of a value is an owner of what the value implements, such as `dyn Display`, and may be a method's `self`.
impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<Arc<U>> for Arc<T> {}
impl<T: ?Sized + Unsize<U>, U: ?Sized> DispatchFromDyn<Arc<U>> for Arc<T> {}

impl<T: ?Sized> Clone for Arc<T> {
    fn clone(&self) -> Self {
        // SAFETY: the count is valid as long as there is this owner.
        acquire(unsafe { &(*self.0.as_ptr()).count });
        // INVARIANT: just counted.
        Self(self.0, PhantomData)
    }
}

impl<T: ?Sized> Drop for Arc<T> {
    fn drop(&mut self) {
        // SAFETY: the count is valid as long as there is this owner.
        if release(unsafe { &(*self.0.as_ptr()).count }) {
            // SAFETY: there is no other owner.
            unsafe { drop_last(self.0) };
        }
    }
}

impl<T: ?Sized> Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as there is this owner, and owners only share it.
        unsafe { &(*self.0.as_ptr()).value }
    }
}

impl<T: ?Sized> Borrow<T> for Arc<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> AsRef<T> for Arc<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Arc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Arc<T> {
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
pub struct ArcBorrow<'a, T: ?Sized>(NonNull<ArcInner<T>>, PhantomData<&'a T>);

// SAFETY: a borrow on another thread shares the value and can become an owner there.
unsafe impl<T: ?Sized + Sync + Send> Send for ArcBorrow<'_, T> {}
// SAFETY: a shared borrow can be copied to another thread, which shares the value and can become an owner there.
unsafe impl<T: ?Sized + Sync + Send> Sync for ArcBorrow<'_, T> {}

impl<T: ?Sized> ArcBorrow<'_, T> {
    /// Borrows the value at an address.
    ///
    /// # Safety
    ///
    /// The address came from [`Arc::into_raw`] or [`Arc::as_ptr`]; during the borrow there is an owner, and no
    /// [`UniqueArc`].
    pub unsafe fn from_raw(value: *const T) -> Self {
        // SAFETY: it is the address of an `Arc`'s value, of which there is an owner.
        let inner = unsafe { inner_of(value) };
        // INVARIANT: as the caller promises.
        Self(inner, PhantomData)
    }
}

impl<'a, T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<ArcBorrow<'a, U>> for ArcBorrow<'a, T> {}
impl<'a, T: ?Sized + Unsize<U>, U: ?Sized> DispatchFromDyn<ArcBorrow<'a, U>> for ArcBorrow<'a, T> {}

impl<T: ?Sized> Clone for ArcBorrow<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for ArcBorrow<'_, T> {}

impl<T: ?Sized> Deref for ArcBorrow<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as the owner, and owners only share it.
        unsafe { &(*self.0.as_ptr()).value }
    }
}

impl<T: ?Sized> From<ArcBorrow<'_, T>> for Arc<T> {
    fn from(borrow: ArcBorrow<'_, T>) -> Self {
        // SAFETY: the count is valid as long as the owner that was borrowed from.
        acquire(unsafe { &(*borrow.0.as_ptr()).count });
        // INVARIANT: just counted.
        Self(borrow.0, PhantomData)
    }
}

#[cfg(test)]
mod tests;
