// SPDX-License-Identifier: GPL-2.0-only

//! A vector that can fail to grow.

#![allow(unsafe_code, reason = "a vector owns what its pointer points at")]

mod errors;
mod fill;
mod iter;
mod memory;

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::slice;

use super::allocator::{KVmalloc, Kmalloc, Vmalloc};
use super::{AllocError, Allocator, Flags, Freed};
use crate::pin_init::ZeroableOption;

pub use self::errors::{InsertError, PushError, RemoveError};
pub use self::iter::{DrainAll, IntoIter};

/// Elements in a row, in memory from the allocator `A`.
///
/// # Invariants
///
/// - `memory` came from `A` with the layout of `capacity` elements, or is dangling where that layout has no size.
/// - The first `len` elements are initialised, and `len` is at most `capacity`.
pub struct Vec<T, A: Allocator> {
    memory: NonNull<T>,
    capacity: usize,
    len: usize,
    _owns: PhantomData<(A, T)>,
}

// Moving a vector does not move its elements, and none of its methods pins one.
impl<T, A: Allocator> Unpin for Vec<T, A> {}

/// A vector in memory from `kmalloc`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// let mut numbers = KVec::new();
/// numbers.push(72, GFP_KERNEL)?;
/// numbers.extend_from_slice(&[108, 200], GFP_KERNEL)?;
/// assert_eq!(numbers.as_slice(), [72, 108, 200]);
/// # Ok::<(), Error>(())
/// ```
pub type KVec<T> = Vec<T, Kmalloc>;
/// A vector in memory from `vmalloc`.
pub type VVec<T> = Vec<T, Vmalloc>;
/// A vector in memory from `kvmalloc`: for sizes that user space chooses.
pub type KVVec<T> = Vec<T, KVmalloc>;

// SAFETY: the vector owns its elements, as fields would be.
unsafe impl<T: Send, A: Allocator> Send for Vec<T, A> {}
// SAFETY: a shared vector gives out nothing but shared references to its elements.
unsafe impl<T: Sync, A: Allocator> Sync for Vec<T, A> {}

// Where this is as large as a vector, there is no room for `None` but in the one value that a vector never has.
const _: () = assert!(size_of::<Option<KVec<u8>>>() == size_of::<KVec<u8>>());

// SAFETY: only the address of the memory has a value that no vector has, and that is null: so all zeroes are `None`.
unsafe impl<T, A: Allocator> ZeroableOption for Vec<T, A> {}

impl<T, A: Allocator> Vec<T, A> {
    /// A vector without elements, which needs no memory.
    pub const fn new() -> Self {
        // INVARIANT: no elements are initialised, and their layout has no size. Where elements have no size there is
        // room for any number of them.
        let capacity = if size_of::<T>() == 0 { usize::MAX } else { 0 };
        Self {
            memory: NonNull::dangling(),
            capacity,
            len: 0,
            _owns: PhantomData,
        }
    }

    /// How many elements there is room for.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many elements there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements.
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// The elements, to be changed.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }

    /// The room behind the elements.
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<T>] {
        // SAFETY: `len` is at most the capacity, so that this is within the memory, or at its end.
        let spare = unsafe { self.memory.add(self.len) };
        // SAFETY: so many elements have room there, need no initialisation, and belong to this vector, which is
        // borrowed mutably.
        unsafe { slice::from_raw_parts_mut(spare.as_ptr().cast(), self.room()) }
    }

    /// For how many more elements there is room.
    fn room(&self) -> usize {
        // SAFETY: by the invariant it is not negative.
        unsafe { self.capacity.unchecked_sub(self.len) }
    }

    /// Declares `additional` more elements initialised.
    ///
    /// # Safety
    ///
    /// They are, and there is room for them.
    pub unsafe fn inc_len(&mut self, additional: usize) {
        debug_assert!(additional <= self.room());
        // INVARIANT: as the caller promises.
        // SAFETY: the sum is at most the capacity, as the caller promises.
        self.len = unsafe { self.len.unchecked_add(additional) };
    }

    /// Adds an element at the end.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory; the element is dropped.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn push(&mut self, element: T, flags: Flags) -> Result<(), AllocError> {
        self.reserve(1, flags)?;
        // SAFETY: there is room now.
        unsafe { self.push_unchecked(element) };
        Ok(())
    }

    /// Adds an element at the end if there is room.
    ///
    /// # Errors
    ///
    /// The element, when there is none.
    pub fn push_within_capacity(&mut self, element: T) -> Result<(), PushError<T>> {
        if self.len == self.capacity {
            return Err(PushError(element));
        }
        // SAFETY: the length is at most the capacity, and is not the capacity.
        unsafe { self.push_unchecked(element) };
        Ok(())
    }

    /// Puts an element at `index` if there is room; those from there on move down.
    ///
    /// # Errors
    ///
    /// The element, when there is no room or `index` is beyond the end.
    pub fn insert_within_capacity(
        &mut self,
        index: usize,
        element: T,
    ) -> Result<(), InsertError<T>> {
        if index > self.len {
            return Err(InsertError::IndexOutOfBounds(element));
        }
        if self.len == self.capacity {
            return Err(InsertError::OutOfCapacity(element));
        }
        // SAFETY: it is within the memory, or at the end of the elements.
        let place = unsafe { self.memory.add(index) };
        // SAFETY: one more element has room, so that this is within the memory.
        let behind = unsafe { place.add(1) };
        // SAFETY: these are the elements from `index` on, and behind them there is room for one.
        unsafe { place.copy_to(behind, self.len - index) };
        // SAFETY: what was there has moved.
        unsafe { place.write(element) };
        // SAFETY: all elements have moved or stayed, and this is one more.
        unsafe { self.inc_len(1) };
        Ok(())
    }

    /// Adds an element for which there is room.
    fn push_reserved(&mut self, element: T) {
        assert!(self.room() != 0);
        // SAFETY: just checked.
        unsafe { self.push_unchecked(element) };
    }

    /// Adds an element.
    ///
    /// # Safety
    ///
    /// There is room for it.
    unsafe fn push_unchecked(&mut self, element: T) {
        // SAFETY: as the caller promises.
        let room = unsafe { self.spare_capacity_mut().get_unchecked_mut(0) };
        room.write(element);
        // SAFETY: it was just written into the room.
        unsafe { self.inc_len(1) };
    }

    /// Takes the last element.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        // INVARIANT: the elements before it are initialised.
        self.len = last;
        // SAFETY: it is within the memory.
        let element = unsafe { self.memory.add(last) };
        // SAFETY: it was initialised, and is outside of the length now, so that it is taken once.
        Some(unsafe { element.read() })
    }

    /// Takes the element at `index`; those behind it move up.
    ///
    /// # Errors
    ///
    /// [`RemoveError`] when there is no such element.
    pub fn remove(&mut self, index: usize) -> Result<T, RemoveError> {
        if index >= self.len {
            return Err(RemoveError);
        }
        // INVARIANT: the elements before the last will be those that are left.
        self.len -= 1;
        // SAFETY: it is within the memory.
        let place = unsafe { self.memory.add(index) };
        // SAFETY: it is initialised, and what is there from here on is another element, or is outside of the length.
        let element = unsafe { place.read() };
        // SAFETY: it is within the memory, or at its end.
        let behind = unsafe { place.add(1) };
        // SAFETY: these are the elements behind, and the place of the one that was taken.
        unsafe { behind.copy_to(place, self.len - index) };
        Ok(element)
    }

    /// Drops the elements from `len` on, if there are any.
    pub fn truncate(&mut self, len: usize) {
        let Some(tail) = self.get_mut(len..) else {
            return;
        };
        let tail: *mut [T] = tail;
        // INVARIANT: fewer elements than before; those behind are no longer counted before they are dropped.
        self.len = self.len.min(len);
        // SAFETY: they were initialised and are outside of the length now, so that they are dropped once.
        unsafe { ptr::drop_in_place(tail) };
    }

    /// Drops all elements and keeps the memory.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Takes all elements and keeps the memory; those that were not taken are dropped with the iterator.
    pub fn drain_all(&mut self) -> DrainAll<'_, T> {
        let elements: *mut [T] = self.as_mut_slice();
        // INVARIANT: no elements are counted any more: they belong to the iterator. If that is forgotten they are leaked.
        self.len = 0;
        // SAFETY: they are initialised, and the vector, whose memory they are in, is borrowed as long as the iterator lives.
        unsafe { DrainAll::new(elements) }
    }

    /// Keeps the elements for which `keep` says so, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            if keep(&mut self[at]) {
                self.swap(kept, at);
                kept += 1;
            }
        }
        self.truncate(kept);
    }
}

impl<T, A: Allocator> Default for Vec<T, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, A: Allocator> Deref for Vec<T, A> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: so many elements are initialised, and belong to this vector, which is borrowed.
        unsafe { slice::from_raw_parts(self.memory.as_ptr(), self.len) }
    }
}

impl<T, A: Allocator> DerefMut for Vec<T, A> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: so many elements are initialised, and belong to this vector, which is borrowed mutably.
        unsafe { slice::from_raw_parts_mut(self.memory.as_ptr(), self.len) }
    }
}

impl<T, A: Allocator> Drop for Vec<T, A> {
    fn drop(&mut self) {
        let elements: *mut [T] = self.as_mut_slice();
        // SAFETY: the memory came from `A` with this layout, and the elements are dropped before it is freed.
        let _memory = unsafe { Freed::<A>::new(self.memory.cast(), self.layout()) };
        // SAFETY: they are initialised, and nobody uses them any more.
        unsafe { ptr::drop_in_place(elements) };
    }
}

#[cfg(test)]
mod tests;
