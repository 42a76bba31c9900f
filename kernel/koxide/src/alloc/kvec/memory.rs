// SPDX-License-Identifier: GPL-2.0-only

//! The memory of a vector.

#![allow(unsafe_code, reason = "a vector owns what its pointer points at")]

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::Vec;
use crate::alloc::flags::__GFP_ZERO;
use crate::alloc::{AllocError, Allocator, Box, Flags};
use crate::pin_init::Zeroable;

impl<T, A: Allocator> Vec<T, A> {
    /// A vector without elements, with room for `capacity` of them.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        if capacity == 0 || size_of::<T>() == 0 {
            return Ok(Self::new());
        }
        let layout = Layout::array::<T>(capacity).map_err(|_| AllocError)?;
        let memory = A::alloc(layout, flags)?;
        // SAFETY: there is room for so many elements, of which there are none.
        Ok(unsafe { Self::from_parts(memory.cast(), capacity, 0) })
    }

    /// A vector of `len` elements that are all zeroes.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn zeroed(len: usize, flags: Flags) -> Result<Self, AllocError>
    where
        T: Zeroable,
    {
        let mut vec = Self::with_capacity(len, flags | __GFP_ZERO)?;
        // SAFETY: there is room for so many, the memory is new and zeroed, and zeroes are a `T`.
        unsafe { vec.inc_len(len) };
        Ok(vec)
    }

    /// Sees to it that `additional` more elements have room.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory; the vector is then as it was.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn reserve(&mut self, additional: usize, flags: Flags) -> Result<(), AllocError> {
        let needed = self.len.checked_add(additional).ok_or(AllocError)?;
        if needed <= self.capacity {
            return Ok(());
        }
        let (memory, element) = (self.memory.cast(), Layout::new::<T>());
        // SAFETY: the memory came from `A` for so many elements. Of those without a size any number has room.
        let (memory, capacity) =
            unsafe { grown::<A>(memory, element, self.capacity, needed, flags)? };
        // INVARIANT: the elements were moved along, and there is room for so many.
        self.memory = memory.cast();
        self.capacity = capacity;
        Ok(())
    }

    /// Gives memory back: there is room for the elements, or `min_capacity` of them if that is more, and no more.
    ///
    /// The allocator may keep what was given back: memory of `kmalloc` stays where it is as it is.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory to move the elements to; the vector is then as it was.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn shrink_to(&mut self, min_capacity: usize, flags: Flags) -> Result<(), AllocError> {
        let capacity = self.len.max(min_capacity);
        if size_of::<T>() == 0 || capacity >= self.capacity {
            return Ok(());
        }
        let layout = Layout::array::<T>(capacity).map_err(|_| AllocError)?;
        // SAFETY: the memory came from `A` with this layout, and both have the alignment of `T`.
        let memory = unsafe { A::realloc(Some(self.memory.cast()), layout, self.layout(), flags)? };
        // INVARIANT: the elements were moved along, and there is room for so many.
        self.memory = memory.cast();
        self.capacity = capacity;
        Ok(())
    }

    /// The layout of the memory.
    pub(super) fn layout(&self) -> Layout {
        if size_of::<T>() == 0 {
            return Layout::new::<T>();
        }
        // SAFETY: an array of so many elements exists.
        unsafe { array(Layout::new::<T>(), self.capacity) }
    }

    /// Gives up the vector for its parts: the address of the elements, how many there are, and for how many there is room.
    pub fn into_raw_parts(self) -> (*mut T, usize, usize) {
        let (memory, capacity, len) = self.into_parts();
        (memory.as_ptr(), len, capacity)
    }

    /// Takes back what [`into_raw_parts`](Self::into_raw_parts) gave up.
    ///
    /// # Safety
    ///
    /// These are the parts of a vector of the same type, which belong to nobody else. `length` may be another, up to
    /// `capacity`, if so many elements are initialised.
    pub unsafe fn from_raw_parts(ptr: *mut T, length: usize, capacity: usize) -> Self {
        // SAFETY: the address of a vector's memory is not null.
        let memory = unsafe { NonNull::new_unchecked(ptr) };
        // SAFETY: the parts are a vector's, as the caller promises.
        unsafe { Self::from_parts(memory, capacity, length) }
    }

    /// The vector's parts, which are the caller's now.
    pub(super) fn into_parts(self) -> (NonNull<T>, usize, usize) {
        let this = ManuallyDrop::new(self);
        (this.memory, this.capacity, this.len)
    }

    /// A vector of parts.
    ///
    /// # Safety
    ///
    /// They fulfil the invariants and belong to nobody else.
    pub(super) unsafe fn from_parts(memory: NonNull<T>, capacity: usize, len: usize) -> Self {
        // INVARIANT: as the caller promises.
        Self {
            memory,
            capacity,
            len,
            _owns: PhantomData,
        }
    }
}

/// The layout of an array that exists.
///
/// # Safety
///
/// It does, with `count` elements.
unsafe fn array(element: Layout, count: usize) -> Layout {
    // SAFETY: what exists has at most `isize::MAX` bytes.
    let size = unsafe { element.size().unchecked_mul(count) };
    // SAFETY: likewise.
    unsafe { Layout::from_size_align_unchecked(size, element.align()) }
}

/// Memory for at least `needed` elements, and for how many: one function for vectors of all types.
///
/// # Safety
///
/// `memory` came from `A` with the layout of `capacity` elements, which have a size.
unsafe fn grown<A: Allocator>(
    memory: NonNull<u8>,
    element: Layout,
    capacity: usize,
    needed: usize,
    flags: Flags,
) -> Result<(NonNull<u8>, usize), AllocError> {
    // Twice as much as before, so that pushing many elements one by one does not copy each of them many times.
    let wanted = needed.max(capacity.saturating_mul(2));
    let size = element.size().checked_mul(wanted).ok_or(AllocError)?;
    let new = Layout::from_size_align(size, element.align()).map_err(|_| AllocError)?;
    // SAFETY: it exists, as the caller promises.
    let old = unsafe { array(element, capacity) };
    // SAFETY: the memory came from `A` with this layout, and both have the alignment of an element.
    let memory = unsafe { A::realloc(Some(memory), new, old, flags)? };
    Ok((memory, wanted))
}

impl<T, A: Allocator, const N: usize> From<Box<[T; N], A>> for Vec<T, A> {
    fn from(array: Box<[T; N], A>) -> Self {
        let memory = Box::into_raw(array).cast();
        let capacity = if size_of::<T>() == 0 { usize::MAX } else { N };
        // SAFETY: the memory of an array has the layout of so many elements, all of which are initialised.
        unsafe { Self::from_raw_parts(memory, N, capacity) }
    }
}
