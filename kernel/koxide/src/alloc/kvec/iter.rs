// SPDX-License-Identifier: GPL-2.0-only

//! What a vector has in common with other collections: iterators, comparison, text.

#![allow(unsafe_code, reason = "takes elements out of a vector's memory")]

use core::fmt;
use core::iter::FusedIterator;
use core::ptr::{self, NonNull};
use core::slice;

use super::Vec;
use crate::alloc::Allocator;

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
        // SAFETY: these elements are initialised and not yet taken.
        unsafe { rest.drop_in_place() };
        // SAFETY: the memory is a vector's, which has no elements any more; it frees the memory.
        drop(unsafe { Vec::<T, A>::from_parts(self.memory, self.capacity, 0) });
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

impl<T, A: Allocator> AsRef<[T]> for Vec<T, A> {
    fn as_ref(&self) -> &[T] {
        self
    }
}
