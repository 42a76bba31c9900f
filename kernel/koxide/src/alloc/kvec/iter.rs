// SPDX-License-Identifier: GPL-2.0-only

//! What a vector has in common with other collections: iterators, comparison, text.

#![allow(unsafe_code, reason = "takes elements out of a vector's memory")]

use core::borrow::{Borrow, BorrowMut};
use core::fmt;
use core::iter::FusedIterator;
use core::mem::ManuallyDrop;
use core::ptr::{self, NonNull};
use core::slice;

use super::Vec;
use crate::alloc::{Allocator, Flags};

/// Takes the elements of a vector one by one.
///
/// # Invariants
///
/// `memory` and `capacity` are a vector's; the elements from `next` to `end` are initialised and not yet taken.
pub struct IntoIter<T, A: Allocator> {
    memory: NonNull<T>,
    capacity: usize,
    next: usize,
    end: usize,
    _owns: core::marker::PhantomData<(A, T)>,
}

// SAFETY: the iterator owns its elements, as fields would be.
unsafe impl<T: Send, A: Allocator> Send for IntoIter<T, A> {}
// SAFETY: a shared iterator gives out nothing.
unsafe impl<T: Sync, A: Allocator> Sync for IntoIter<T, A> {}

impl<T, A: Allocator> IntoIter<T, A> {
    /// Takes a vector over.
    pub(super) fn new(vec: Vec<T, A>) -> Self {
        let (memory, capacity, end) = vec.into_parts();
        // INVARIANT: these are the vector's, which gave them up.
        Self {
            memory,
            capacity,
            next: 0,
            end,
            _owns: core::marker::PhantomData,
        }
    }
}

impl<T, A: Allocator> IntoIter<T, A> {
    /// The elements that are left, as a vector in the same memory.
    ///
    /// Where there was no memory to move them to less of it, they keep all of it.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn collect(self, flags: Flags) -> Vec<T, A> {
        let this = ManuallyDrop::new(self);
        let left = this.end - this.next;
        // SAFETY: it is within the memory, or at its end.
        let rest = unsafe { this.memory.add(this.next) };
        // SAFETY: both places are within the memory, from which nothing is dropped here.
        unsafe { rest.copy_to(this.memory, left) };
        // SAFETY: the memory is a vector's, and begins with so many elements that are initialised and not yet taken.
        let mut vec = unsafe { Vec::from_parts(this.memory, this.capacity, left) };
        // The elements are all there, whether this succeeds or not.
        let _ = vec.shrink_to(0, flags);
        vec
    }
}

impl<T, A: Allocator> Iterator for IntoIter<T, A> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.next == self.end {
            return None;
        }
        // SAFETY: it is before the end, and so within the memory.
        let element = unsafe { self.memory.add(self.next) };
        // INVARIANT: this one counts as taken from here on.
        self.next += 1;
        // SAFETY: it was initialised and not yet taken.
        Some(unsafe { element.read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end - self.next;
        (left, Some(left))
    }
}

impl<T, A: Allocator> ExactSizeIterator for IntoIter<T, A> {}
impl<T, A: Allocator> FusedIterator for IntoIter<T, A> {}

impl<T, A: Allocator> Drop for IntoIter<T, A> {
    fn drop(&mut self) {
        // SAFETY: it is within the memory, or at its end.
        let rest = unsafe { self.memory.add(self.next) };
        let rest = ptr::slice_from_raw_parts_mut(rest.as_ptr(), self.end - self.next);
        // SAFETY: the memory is a vector's, which has no elements any more; it frees the memory, when they are dropped.
        let _memory = unsafe { Vec::<T, A>::from_parts(self.memory, self.capacity, 0) };
        // SAFETY: these elements are initialised and not yet taken.
        unsafe { rest.drop_in_place() };
    }
}

/// Takes the elements of a vector, which keeps its memory.
///
/// # Invariants
///
/// The elements are initialised, and belong to this iterator.
pub struct DrainAll<'vec, T> {
    elements: slice::IterMut<'vec, T>,
}

impl<'vec, T> DrainAll<'vec, T> {
    /// Takes elements over.
    ///
    /// # Safety
    ///
    /// They are initialised, nobody else uses or drops them, and their memory lives during `'vec`.
    pub(super) unsafe fn new(elements: *mut [T]) -> Self {
        // SAFETY: as the caller promises.
        let elements = unsafe { &mut *elements };
        // INVARIANT: as the caller promises.
        Self {
            elements: elements.iter_mut(),
        }
    }
}

impl<T> Iterator for DrainAll<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let element: *mut T = self.elements.next()?;
        // SAFETY: it is initialised, and passed by now, so that it is taken once.
        Some(unsafe { element.read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.elements.size_hint()
    }
}

impl<T> ExactSizeIterator for DrainAll<'_, T> {}
impl<T> FusedIterator for DrainAll<'_, T> {}

impl<T> Drop for DrainAll<'_, T> {
    fn drop(&mut self) {
        let rest: *mut [T] = core::mem::take(&mut self.elements).into_slice();
        // SAFETY: they are initialised, and nobody has taken them.
        unsafe { rest.drop_in_place() };
    }
}

impl<T, A: Allocator> IntoIterator for Vec<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter::new(self)
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a Vec<T, A> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a mut Vec<T, A> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> slice::IterMut<'a, T> {
        self.iter_mut()
    }
}

impl<T: fmt::Debug, A: Allocator> fmt::Debug for Vec<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: PartialEq, A: Allocator, S: AsRef<[T]>> PartialEq<S> for Vec<T, A> {
    fn eq(&self, other: &S) -> bool {
        **self == *other.as_ref()
    }
}

impl<T: Eq, A: Allocator> Eq for Vec<T, A> {}

impl<T: PartialEq, A: Allocator> PartialEq<Vec<T, A>> for [T] {
    fn eq(&self, other: &Vec<T, A>) -> bool {
        *self == **other
    }
}

impl<T: PartialEq, A: Allocator> PartialEq<Vec<T, A>> for &[T] {
    fn eq(&self, other: &Vec<T, A>) -> bool {
        **self == **other
    }
}

impl<T, A: Allocator> Borrow<[T]> for Vec<T, A> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T, A: Allocator> BorrowMut<[T]> for Vec<T, A> {
    fn borrow_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T, A: Allocator> AsRef<[T]> for Vec<T, A> {
    fn as_ref(&self) -> &[T] {
        self
    }
}
