// SPDX-License-Identifier: GPL-2.0-only

//! A value in memory of its own.

#![allow(unsafe_code, reason = "a box owns what its pointer points at")]

mod foreign;

use core::alloc::Layout;
use core::borrow::{Borrow, BorrowMut};
use core::fmt;
use core::marker::{PhantomData, Unsize};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{CoerceUnsized, Deref, DerefMut, DispatchFromDyn};
use core::pin::{Pin, PinCoerceUnsized};
use core::ptr::NonNull;

use super::allocator::{KVmalloc, Kmalloc, Vmalloc};
use super::{AllocError, Allocator, Flags, Freed, Vec};
use crate::alloc::flags::__GFP_ZERO;
use crate::init::InPlaceInit;
use crate::pin_init::{InPlaceWrite, Init, PinInit, Zeroable};

/// A value in memory from the allocator `A`.
///
/// # Invariants
///
/// The pointer came from `A` with the layout of the value, which is initialised and belongs to this box alone.
#[repr(transparent)]
pub struct Box<T: ?Sized, A: Allocator>(NonNull<T>, PhantomData<(A, T)>);

/// A box in memory from `kmalloc`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// let mut count = KBox::new(7, GFP_KERNEL)?;
/// *count += 1;
/// assert_eq!(*count, 8);
/// # Ok::<(), Error>(())
/// ```
pub type KBox<T> = Box<T, Kmalloc>;
/// A box in memory from `vmalloc`.
pub type VBox<T> = Box<T, Vmalloc>;
/// A box in memory from `kvmalloc`.
pub type KVBox<T> = Box<T, KVmalloc>;

// SAFETY: the box owns the value, as a field would.
unsafe impl<T: Send + ?Sized, A: Allocator> Send for Box<T, A> {}
// SAFETY: a shared box gives out nothing but shared references to the value.
unsafe impl<T: Sync + ?Sized, A: Allocator> Sync for Box<T, A> {}

// Moving a box does not move the value.
impl<T: ?Sized, A: Allocator> Unpin for Box<T, A> {}

// A box of a value is a box of what the value implements, such as `dyn Display`, and may be a method's `self`.
impl<T: ?Sized + Unsize<U>, U: ?Sized, A: Allocator> CoerceUnsized<Box<U, A>> for Box<T, A> {}
impl<T: ?Sized + Unsize<U>, U: ?Sized, A: Allocator> DispatchFromDyn<Box<U, A>> for Box<T, A> {}
// SAFETY: a box gives out the same value each time, and dropping it drops that.
unsafe impl<T: ?Sized, A: Allocator> PinCoerceUnsized for Box<T, A> {}

impl<T, A: Allocator> Box<T, A> {
    /// Moves a value into memory of its own.
    ///
    /// # Errors
    ///
    /// [`AllocError`] (as an errno `ENOMEM`) when there is no memory; the value is dropped.
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
    pub fn new_uninit(flags: Flags) -> Result<Box<MaybeUninit<T>, A>, AllocError> {
        let memory = A::alloc(Layout::new::<MaybeUninit<T>>(), flags)?;
        // INVARIANT: it has the layout of the value, which needs no initialisation.
        Ok(Box(memory.cast(), PhantomData))
    }

    /// A value that is all zeroes, in memory of its own.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn zeroed(flags: Flags) -> Result<Self, AllocError>
    where
        T: Zeroable,
    {
        let room = Self::new_uninit(flags | __GFP_ZERO)?;
        // SAFETY: the memory is zeroed, and zeroes are a `T`.
        Ok(unsafe { room.assume_init() })
    }

    /// Moves a value into memory of its own, where it stays.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn pin(value: T, flags: Flags) -> Result<Pin<Self>, AllocError> {
        Ok(Self::new(value, flags)?.into())
    }

    /// A row of `len` values in memory of their own, where they stay: `init` makes the initialiser of each.
    ///
    /// # Errors
    ///
    /// Those of the initialisers, and that there is no memory; the values that there are by then are dropped.
    ///
    /// # Context
    ///
    /// As `flags` say.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{new_mutex, prelude::*, sync::Mutex};
    ///
    /// #[pin_data]
    /// struct Channel {
    ///     #[pin]
    ///     sent: Mutex<usize>,
    /// }
    ///
    /// impl Channel {
    ///     fn new(sent: usize) -> impl PinInit<Self, Error> {
    ///         try_pin_init!(Self { sent <- new_mutex!(sent) })
    ///     }
    /// }
    ///
    /// let channels = KBox::pin_slice(Channel::new, 10, GFP_KERNEL)?;
    /// assert_eq!(*channels[3].sent.lock(), 3);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pin_slice<Item, E>(
        mut init: impl FnMut(usize) -> Item,
        len: usize,
        flags: Flags,
    ) -> Result<Pin<Box<[T], A>>, E>
    where
        Item: PinInit<T, E>,
        E: From<AllocError>,
    {
        // Exactly so much: a box is freed as what it contains.
        let mut values = Vec::<T, A>::with_capacity(len, flags)?;
        for i in 0..len {
            let slot = values.spare_capacity_mut()[0].as_mut_ptr();
            // SAFETY: there is room for a value; when this fails none counts there; it does not move from here on, since
            // the vector does not grow, and the box that takes its memory is pinned.
            unsafe { init(i).__pinned_init(slot)? };
            // SAFETY: it was just initialised.
            unsafe { values.inc_len(1) };
        }
        let (memory, ..) = values.into_raw_parts();
        let slice = core::ptr::slice_from_raw_parts_mut(memory, len);
        // SAFETY: the memory came from `A` with the layout of so many values, all of which are initialised.
        Ok(unsafe { Box::from_raw(slice) }.into())
    }

    /// Drops the value and keeps the memory.
    pub fn drop_contents(boxed: Self) -> Box<MaybeUninit<T>, A> {
        let pointer = ManuallyDrop::new(boxed).0;
        // INVARIANT: it has the layout of the value, which needs no initialisation.
        let room = Box(pointer.cast(), PhantomData);
        // SAFETY: the value is initialised, and the box that owns it is forgotten.
        unsafe { pointer.drop_in_place() };
        room
    }

    /// Takes the value out and frees the memory.
    pub fn into_inner(boxed: Self) -> T {
        let boxed = ManuallyDrop::new(boxed);
        // SAFETY: the value is initialised, and the box that owns it is forgotten.
        let value = unsafe { boxed.0.read() };
        // SAFETY: the memory has this layout, and the value is no longer in it.
        unsafe { A::free(boxed.0.cast(), Layout::new::<T>()) };
        value
    }
}

impl<T, A: Allocator> Box<MaybeUninit<T>, A> {
    /// Moves a value in.
    pub fn write(mut self, value: T) -> Box<T, A> {
        (*self).write(value);
        // SAFETY: the value was just written.
        unsafe { self.assume_init() }
    }

    /// Declares the value initialised.
    ///
    /// # Safety
    ///
    /// It is.
    pub unsafe fn assume_init(self) -> Box<T, A> {
        // INVARIANT: the layout is the same, and the value initialised as the caller promises.
        Box(ManuallyDrop::new(self).0.cast(), PhantomData)
    }
}

impl<T: ?Sized, A: Allocator> Box<T, A> {
    /// Gives up the box for a pointer that owns the value; [`from_raw`](Self::from_raw) takes it back.
    pub fn into_raw(boxed: Self) -> *mut T {
        ManuallyDrop::new(boxed).0.as_ptr()
    }

    /// Takes back what [`into_raw`](Self::into_raw) gave up.
    ///
    /// # Safety
    ///
    /// `raw` came from `into_raw` of a box of the same type, and is used no more.
    pub unsafe fn from_raw(raw: *mut T) -> Self {
        // SAFETY: the pointer of a box is not null.
        let pointer = unsafe { NonNull::new_unchecked(raw) };
        // INVARIANT: it was a box's, and belongs to nobody else since.
        Self(pointer, PhantomData)
    }

    /// Gives up the memory for ever.
    pub fn leak<'a>(boxed: Self) -> &'a mut T
    where
        T: 'a,
    {
        // SAFETY: the value is initialised, belongs to the caller alone, and is never freed.
        unsafe { &mut *Self::into_raw(boxed) }
    }

    /// Pins the value where it is.
    pub fn into_pin(boxed: Self) -> Pin<Self> {
        // SAFETY: the value does not move when the box does, and without `Unpin` a pinned box gives out no mutable
        // reference to it.
        unsafe { Pin::new_unchecked(boxed) }
    }
}

impl<T: ?Sized, A: Allocator> From<Box<T, A>> for Pin<Box<T, A>> {
    fn from(boxed: Box<T, A>) -> Self {
        Box::into_pin(boxed)
    }
}

impl<T: ?Sized, A: Allocator> Deref for Box<T, A> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the value is initialised and belongs to this box, which is borrowed.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized, A: Allocator> DerefMut for Box<T, A> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the value is initialised and belongs to this box, which is borrowed mutably.
        unsafe { self.0.as_mut() }
    }
}

impl<T: ?Sized, A: Allocator> Drop for Box<T, A> {
    fn drop(&mut self) {
        // SAFETY: the memory has this layout and came from `A`; the value is dropped before it is freed.
        let _memory = unsafe { Freed::<A>::new(self.0.cast(), Layout::for_value::<T>(self)) };
        // SAFETY: the value is initialised, and not used after this.
        unsafe { self.0.drop_in_place() };
    }
}

impl<T: ?Sized, A: Allocator> Borrow<T> for Box<T, A> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized, A: Allocator> BorrowMut<T> for Box<T, A> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}

impl<T: ?Sized + fmt::Display, A: Allocator> fmt::Display for Box<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Debug, A: Allocator> fmt::Debug for Box<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T, A: Allocator> InPlaceWrite<T> for Box<MaybeUninit<T>, A> {
    type Initialized = Box<T, A>;

    fn write_init<E>(mut self, init: impl Init<T, E>) -> Result<Self::Initialized, E> {
        let slot = self.as_mut_ptr();
        // SAFETY: the memory is valid for writes; when this fails it is freed without dropping a value.
        unsafe { init.__init(slot)? };
        // SAFETY: it was just initialised.
        Ok(unsafe { self.assume_init() })
    }

    fn write_pin_init<E>(mut self, init: impl PinInit<T, E>) -> Result<Pin<Self::Initialized>, E> {
        let slot = self.as_mut_ptr();
        // SAFETY: the memory is valid for writes; when this fails it is freed without dropping a value; the value
        // does not move from here on, since the result is pinned.
        unsafe { init.__pinned_init(slot)? };
        // SAFETY: it was just initialised.
        Ok(unsafe { self.assume_init() }.into())
    }
}

impl<T, A: Allocator> InPlaceInit<T> for Box<T, A> {
    type PinnedSelf = Pin<Self>;

    fn try_pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Pin<Self>, E>
    where
        E: From<AllocError>,
    {
        Self::new_uninit(flags)?.write_pin_init(init)
    }

    fn try_init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>,
    {
        Self::new_uninit(flags)?.write_init(init)
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[repr(align(64))]
    struct Aligned(u8);

    #[test]
    fn values_are_aligned_moved_and_dropped() {
        let boxed = KBox::new(Aligned(3), GFP_KERNEL).unwrap();
        assert_eq!((&raw const *boxed).addr() % 64, 0);
        assert_eq!(KBox::into_inner(boxed).0, 3);
        let count = std::rc::Rc::new(());
        let boxed = VBox::new(count.clone(), GFP_KERNEL).unwrap();
        assert_eq!(std::rc::Rc::strong_count(&count), 2);
        drop(boxed);
        assert_eq!(std::rc::Rc::strong_count(&count), 1);
    }

    #[test]
    fn values_of_no_size_need_no_memory() {
        let boxed = KBox::new((), GFP_KERNEL).unwrap();
        assert_eq!(*boxed, ());
    }

    #[test]
    fn a_row_of_which_one_fails_leaves_nothing_behind() {
        let count = std::rc::Rc::new(());
        let one = |i| if i < 3 { Ok(count.clone()) } else { Err(EBUSY) };
        let row: Result<Pin<KBox<[_]>>> = KBox::pin_slice(one, 5, GFP_KERNEL);
        assert_eq!(row.unwrap_err(), EBUSY);
        assert_eq!(std::rc::Rc::strong_count(&count), 1);
        let row: Result<Pin<VBox<[_]>>> = VBox::pin_slice(one, 3, GFP_KERNEL);
        assert_eq!(std::rc::Rc::strong_count(&count), 4);
        drop(row);
        assert_eq!(std::rc::Rc::strong_count(&count), 1);
        let none: Result<Pin<KBox<[_]>>> = KBox::pin_slice(one, 0, GFP_KERNEL);
        assert!(none.unwrap().is_empty());
    }

    #[test]
    fn memory_is_used_again() {
        let count = std::rc::Rc::new(());
        let room = KBox::drop_contents(KBox::new(count.clone(), GFP_KERNEL).unwrap());
        assert_eq!(std::rc::Rc::strong_count(&count), 1);
        drop(room.write(count.clone()));
        assert_eq!(std::rc::Rc::strong_count(&count), 1);
    }

    #[test]
    fn an_initialiser_that_fails_leaves_nothing_behind() {
        let failed: Result<Pin<KBox<u8>>> = KBox::try_pin_init(Err::<u8, Error>(EBUSY), GFP_KERNEL);
        assert_eq!(failed.unwrap_err(), EBUSY);
    }
}
