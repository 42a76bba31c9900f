// SPDX-License-Identifier: GPL-2.0-only

//! References to objects that count their references themselves.

#![allow(unsafe_code, reason = "the count is kept by whoever made the object")]

use core::ffi::c_void;
use core::fmt;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr::NonNull;

use crate::types::ForeignOwnable;

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

impl<T, U> PartialEq<ARef<U>> for ARef<T>
where
    T: AlwaysRefCounted + PartialEq<U>,
    U: AlwaysRefCounted,
{
    fn eq(&self, other: &ARef<U>) -> bool {
        **self == **other
    }
}

impl<T: AlwaysRefCounted + Eq> Eq for ARef<T> {}

impl<T: AlwaysRefCounted + PartialEq<U>, U> PartialEq<&U> for ARef<T> {
    fn eq(&self, other: &&U) -> bool {
        **self == **other
    }
}

// The object does not move with the reference.
impl<T: AlwaysRefCounted> Unpin for ARef<T> {}

// SAFETY: the pointer is that of the object: aligned as it, and not null.
unsafe impl<T: AlwaysRefCounted + 'static> ForeignOwnable for ARef<T> {
    const FOREIGN_ALIGN: usize = align_of::<T>();
    type Borrowed<'a> = &'a T;
    // Others may have references too, so that nobody borrows the object exclusively.
    type BorrowedMut<'a> = &'a T;

    fn into_foreign(self) -> *mut c_void {
        Self::into_raw(self).as_ptr().cast()
    }

    unsafe fn from_foreign(foreign: *mut c_void) -> Self {
        // SAFETY: `into_foreign` made it, so that it is not null.
        let obj = unsafe { NonNull::new_unchecked(foreign.cast()) };
        // SAFETY: `into_foreign` gave up a reference, which is this one now.
        unsafe { Self::from_raw(obj) }
    }

    unsafe fn borrow<'a>(foreign: *mut c_void) -> &'a T {
        // SAFETY: the reference that was given up is not taken back during `'a`, as the caller promises.
        unsafe { &*foreign.cast() }
    }

    unsafe fn borrow_mut<'a>(foreign: *mut c_void) -> &'a T {
        // SAFETY: the contract implies that of `borrow`.
        unsafe { <Self as ForeignOwnable>::borrow(foreign) }
    }
}

impl<T: AlwaysRefCounted + fmt::Debug> fmt::Debug for ARef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
