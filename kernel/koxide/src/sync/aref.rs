// SPDX-License-Identifier: GPL-2.0-only

//! References to objects that count their references themselves.

#![allow(unsafe_code, reason = "the count is kept by whoever made the object")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

/// Objects that live as long as somebody has a reference, and count those themselves.
///
/// # Safety
///
/// An object stays alive and where it is as long as the count is above 0. Values of the type are only reached through
/// references, never moved.
pub unsafe trait AlwaysRefCounted {
    /// Counts one more reference.
    fn inc_ref(&self);

    /// Counts one reference less; the last one frees the object.
    ///
    /// # Safety
    ///
    /// The caller has counted a reference, which it no longer uses.
    unsafe fn dec_ref(obj: NonNull<Self>);
}

/// A counted reference.
///
/// # Invariants
///
/// One reference of the object's count belongs to this value.
pub struct ARef<T: AlwaysRefCounted>(NonNull<T>);

// SAFETY: the reference gives out `&T` and may free the object, on whichever thread it is.
unsafe impl<T: AlwaysRefCounted + Sync + Send> Send for ARef<T> {}
// SAFETY: a shared `ARef` gives out `&T`, and can be cloned to an owned one, which needs `Send`.
unsafe impl<T: AlwaysRefCounted + Sync + Send> Sync for ARef<T> {}

impl<T: AlwaysRefCounted> ARef<T> {
    /// Takes over a reference that was counted.
    ///
    /// # Safety
    ///
    /// One reference of the object's count belongs to the caller, which no longer uses it.
    pub unsafe fn from_raw(obj: NonNull<T>) -> Self {
        // INVARIANT: as the caller promises.
        Self(obj)
    }

    /// Gives up the reference without taking it off the count.
    pub fn into_raw(this: Self) -> NonNull<T> {
        ManuallyDrop::new(this).0
    }
}

impl<T: AlwaysRefCounted> Clone for ARef<T> {
    fn clone(&self) -> Self {
        Self::from(&**self)
    }
}

impl<T: AlwaysRefCounted> Deref for ARef<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the object lives as long as this reference is counted.
        unsafe { self.0.as_ref() }
    }
}

impl<T: AlwaysRefCounted> From<&T> for ARef<T> {
    fn from(obj: &T) -> Self {
        obj.inc_ref();
        // INVARIANT: just counted.
        Self(NonNull::from(obj))
    }
}

impl<T: AlwaysRefCounted> AsRef<T> for ARef<T> {
    fn as_ref(&self) -> &T {
        self
    }
}

impl<T: AlwaysRefCounted> Drop for ARef<T> {
    fn drop(&mut self) {
        // SAFETY: one reference belongs to this value, which is going.
        unsafe { T::dec_ref(self.0) };
    }
}

impl<T: AlwaysRefCounted + fmt::Debug> fmt::Debug for ARef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
