// SPDX-License-Identifier: GPL-2.0-only

//! The owner of a value that nobody shares yet.

#![allow(unsafe_code, reason = "the only owner may do what owners may not")]

use core::borrow::{Borrow, BorrowMut};
use core::fmt;
use core::marker::{PhantomData, Unsize};
use core::mem::MaybeUninit;
use core::ops::{CoerceUnsized, Deref, DerefMut, DispatchFromDyn};
use core::pin::{Pin, PinCoerceUnsized};
use core::ptr::NonNull;
use core::sync::atomic::AtomicI32;

use super::{Arc, ArcInner};
use crate::alloc::{AllocError, Flags, KBox};
use crate::init::InPlaceInit;
use crate::pin_init::{InPlaceWrite, Init, PinInit};

/// The only owner of a value, which may therefore change it.
///
/// # Invariants
///
/// The count is 1.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{Arc, UniqueArc}};
///
/// let mut unique = UniqueArc::new(5, GFP_KERNEL)?;
/// *unique += 1;
/// let shared: Arc<u32> = unique.into();
/// assert_eq!(*shared, 6);
/// // Memory can be had before it is known what comes into it.
/// let later: UniqueArc<u32> = UniqueArc::new_uninit(GFP_KERNEL)?.write(7);
/// assert_eq!(*later, 7);
/// # Ok::<(), Error>(())
/// ```
pub struct UniqueArc<T: ?Sized>(pub(super) Arc<T>);

impl<T> UniqueArc<T> {
    /// Moves a value into memory of its own.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory; the value is dropped.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(Self::new_uninit(flags)?.write(value))
    }

    /// Allocates memory for a value.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn new_uninit(flags: Flags) -> Result<UniqueArc<MaybeUninit<T>>, AllocError> {
        let room = KBox::<ArcInner<MaybeUninit<T>>>::new_uninit(flags)?;
        let inner: NonNull<ArcInner<MaybeUninit<T>>> = NonNull::from(KBox::leak(room)).cast();
        // SAFETY: the count is a field of what the memory has room for.
        let count = unsafe { &raw mut (*inner.as_ptr()).count };
        // SAFETY: it is valid for writes. The value beside it is not touched: it may be larger than a kernel's stack.
        unsafe { count.write(AtomicI32::new(1)) };
        // INVARIANT: it came from a `KBox`, is initialised since a `MaybeUninit` needs none, and the count is 1.
        Ok(UniqueArc(Arc(inner, PhantomData)))
    }
}

impl<T> UniqueArc<MaybeUninit<T>> {
    /// Moves a value in.
    pub fn write(mut self, value: T) -> UniqueArc<T> {
        (*self).write(value);
        // SAFETY: the value was just written.
        unsafe { self.assume_init() }
    }

    /// Initialises the value in place.
    ///
    /// # Errors
    ///
    /// Those of the initialiser; the memory is freed then.
    pub fn init_with<E>(self, init: impl Init<T, E>) -> Result<UniqueArc<T>, E> {
        self.write_init(init)
    }

    /// Initialises the value in place, where it stays.
    ///
    /// # Errors
    ///
    /// Those of the initialiser; the memory is freed then.
    pub fn pin_init_with<E>(self, init: impl PinInit<T, E>) -> Result<Pin<UniqueArc<T>>, E> {
        self.write_pin_init(init)
    }

    /// Declares the value initialised.
    ///
    /// # Safety
    ///
    /// It is.
    pub unsafe fn assume_init(self) -> UniqueArc<T> {
        let raw = self.0.into_raw();
        // SAFETY: the layout is the same, and the value initialised as the caller promises.
        UniqueArc(unsafe { Arc::from_raw(raw.cast()) })
    }
}

impl<T: ?Sized + Unsize<U>, U: ?Sized> CoerceUnsized<UniqueArc<U>> for UniqueArc<T> {}
impl<T: ?Sized + Unsize<U>, U: ?Sized> DispatchFromDyn<UniqueArc<U>> for UniqueArc<T> {}
// SAFETY: it gives out the same value each time, and dropping it drops that.
unsafe impl<T: ?Sized> PinCoerceUnsized for UniqueArc<T> {}

impl<T: ?Sized> Deref for UniqueArc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> DerefMut for UniqueArc<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: there is no other owner, so that nobody shares the value.
        unsafe { &mut (*self.0.0.as_ptr()).value }
    }
}

impl<T: ?Sized> Borrow<T> for UniqueArc<T> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized> BorrowMut<T> for UniqueArc<T> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for UniqueArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for UniqueArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized> From<UniqueArc<T>> for Pin<UniqueArc<T>> {
    fn from(unique: UniqueArc<T>) -> Self {
        // SAFETY: the value stays where it is, and a pinned `UniqueArc` gives out no way to move it.
        unsafe { Pin::new_unchecked(unique) }
    }
}

impl<T: ?Sized> From<UniqueArc<T>> for Arc<T> {
    fn from(unique: UniqueArc<T>) -> Self {
        unique.0
    }
}

impl<T: ?Sized> From<Pin<UniqueArc<T>>> for Arc<T> {
    fn from(unique: Pin<UniqueArc<T>>) -> Self {
        // SAFETY: an `Arc` does not let its value be moved.
        unsafe { Pin::into_inner_unchecked(unique) }.0
    }
}

impl<T> InPlaceWrite<T> for UniqueArc<MaybeUninit<T>> {
    type Initialized = UniqueArc<T>;

    fn write_init<E>(mut self, init: impl Init<T, E>) -> Result<UniqueArc<T>, E> {
        let slot = self.as_mut_ptr();
        // SAFETY: the memory is valid for writes; when this fails it is freed without dropping a value.
        unsafe { init.__init(slot)? };
        // SAFETY: it was just initialised.
        Ok(unsafe { self.assume_init() })
    }

    fn write_pin_init<E>(mut self, init: impl PinInit<T, E>) -> Result<Pin<UniqueArc<T>>, E> {
        let slot = self.as_mut_ptr();
        // SAFETY: the memory is valid for writes; when this fails it is freed without dropping a value; the value
        // does not move from here on, since the result is pinned.
        unsafe { init.__pinned_init(slot)? };
        // SAFETY: it was just initialised.
        let unique = unsafe { self.assume_init() };
        // SAFETY: the value stays where it is, and a pinned `UniqueArc` gives out no way to move it.
        Ok(unsafe { Pin::new_unchecked(unique) })
    }
}

impl<T> InPlaceInit<T> for UniqueArc<T> {
    type PinnedSelf = Pin<Self>;

    fn try_pin_init<E: From<AllocError>>(
        init: impl PinInit<T, E>,
        flags: Flags,
    ) -> Result<Pin<Self>, E> {
        Self::new_uninit(flags)?.write_pin_init(init)
    }

    fn try_init<E: From<AllocError>>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E> {
        Self::new_uninit(flags)?.write_init(init)
    }
}
