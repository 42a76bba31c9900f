// SPDX-License-Identifier: GPL-2.0-only

//! Vectors of elements that are given all at once.

use super::Vec;
use crate::alloc::{AllocError, Allocator, Flags};

impl<T: Clone, A: Allocator> Vec<T, A> {
    /// Adds `count` clones of an element.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory; the vector is then as it was.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn extend_with(
        &mut self,
        count: usize,
        element: T,
        flags: Flags,
    ) -> Result<(), AllocError> {
        self.reserve(count, flags)?;
        for _ in 1..count {
            self.push_reserved(element.clone());
        }
        if count > 0 {
            self.push_reserved(element);
        }
        Ok(())
    }

    /// Adds clones of the elements of a slice.
    ///
    /// # Errors
    ///
    /// As [`extend_with`](Self::extend_with).
    pub fn extend_from_slice(&mut self, elements: &[T], flags: Flags) -> Result<(), AllocError> {
        self.reserve(elements.len(), flags)?;
        for element in elements {
            self.push_reserved(element.clone());
        }
        Ok(())
    }

    /// A vector of `count` clones of an element.
    ///
    /// # Errors
    ///
    /// As [`extend_with`](Self::extend_with).
    pub fn from_elem(element: T, count: usize, flags: Flags) -> Result<Self, AllocError> {
        let mut vec = Self::new();
        vec.extend_with(count, element, flags)?;
        Ok(vec)
    }

    /// Drops elements, or adds clones of one, until there are `len`.
    ///
    /// # Errors
    ///
    /// As [`extend_with`](Self::extend_with).
    pub fn resize(&mut self, len: usize, element: T, flags: Flags) -> Result<(), AllocError> {
        match len.checked_sub(self.len) {
            Some(additional) => self.extend_with(additional, element, flags),
            None => {
                self.truncate(len);
                Ok(())
            }
        }
    }
}

/// A [`KVec`](crate::alloc::KVec) of the elements, or of clones of one, in memory of `GFP_KERNEL`: a result.
///
/// Without elements it is an empty one, and no result, since it takes no memory.
///
/// # Errors
///
/// [`AllocError`] when there is no memory.
///
/// # Context
///
/// May sleep.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// assert_eq!(kvec![1, 2, 3]?, [1, 2, 3]);
/// assert_eq!(kvec![7u8; 2]?, [7, 7]);
/// let empty: KVec<u8> = kvec![];
/// assert!(empty.is_empty());
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! kvec {
    () => { $crate::alloc::KVec::new() };
    ($element:expr; $count:expr) => {
        $crate::alloc::KVec::from_elem($element, $count, $crate::alloc::flags::GFP_KERNEL)
    };
    ($($element:expr),+ $(,)?) => {
        $crate::alloc::KVec::__from_array([$($element),+], $crate::alloc::flags::GFP_KERNEL)
    };
}

impl<T, A: Allocator> Vec<T, A> {
    /// For `kvec!`.
    #[doc(hidden)]
    pub fn __from_array<const N: usize>(
        elements: [T; N],
        flags: Flags,
    ) -> Result<Self, AllocError> {
        let mut vec = Self::with_capacity(N, flags)?;
        for element in elements {
            vec.push_reserved(element);
        }
        Ok(vec)
    }
}
