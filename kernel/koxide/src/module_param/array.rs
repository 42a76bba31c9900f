// SPDX-License-Identifier: GPL-2.0-only

//! Parameters that are rows of numbers.

#![allow(unsafe_code, reason = "C writes the values that Rust reads")]

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::Deref;

use super::{Lock, ModuleParam};

/// A row: the values that the user gave, or those of the default.
///
/// # Invariants
///
/// - Whoever writes it holds the lock.
/// - Unless it is `WRITABLE`, it does not change once the module's `init` is called.
#[repr(transparent)]
pub struct ModuleParamArray<T, const N: usize, const WRITABLE: bool = false>(
    pub(super) UnsafeCell<Row<T, N>>,
);

/// The row in memory; `shims/module_param.c` has the same struct.
///
/// # Invariants
///
/// `count` is at most `room`, which is `N`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Row<T, const N: usize> {
    pub(super) count: usize,
    room: usize,
    pub(super) elements: [T; N],
}

// SAFETY: threads only read the row, under the lock where it can change.
unsafe impl<T: Sync, const N: usize, const WRITABLE: bool> Sync
    for ModuleParamArray<T, N, WRITABLE>
{
}

impl<T: ModuleParam, const N: usize, const WRITABLE: bool> ModuleParamArray<T, N, WRITABLE> {
    /// A parameter with its default, for `module!`.
    #[doc(hidden)]
    pub const fn new<const M: usize>(default: [T; M]) -> Self {
        // The kernel parses and shows a row in memory of one piece.
        assert!(N > 0 && N <= 1024, "a row has room for 1 to 1024 elements");
        assert!(
            M <= N,
            "the default has more elements than there is room for"
        );
        let mut elements = [T::NONE; N];
        let mut at = 0;
        while at < M {
            elements[at] = default[at];
            at += 1;
        }
        // INVARIANT: just checked.
        Self(UnsafeCell::new(Row {
            count: M,
            room: N,
            elements,
        }))
    }

    /// A copy of the values, as they are now.
    ///
    /// # Context
    ///
    /// Process context, and may sleep, if the parameter can be changed while the driver runs; else any.
    pub fn value(&self) -> Values<T, N> {
        let _lock = WRITABLE.then(Lock::new);
        // SAFETY: nobody writes it: the lock is held, or by the invariant it does not change any more.
        Values(unsafe { *self.0.get() })
    }
}

/// The values of a [`ModuleParamArray`]: a slice of those that were given.
#[derive(Clone, Copy)]
pub struct Values<T, const N: usize>(Row<T, N>);

impl<T, const N: usize> Deref for Values<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0.elements[..self.0.count]
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Values<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_room_for_more_than_its_default() {
        static ROW: ModuleParamArray<i16, 4> = ModuleParamArray::new([1, -2]);
        assert_eq!(*ROW.value(), [1, -2]);
        static FULL: ModuleParamArray<bool, 2, true> = ModuleParamArray::new([true, false]);
        assert_eq!(*FULL.value(), [true, false]);
        // The shim counts on these.
        assert_eq!(core::mem::offset_of!(Row<u64, 3>, elements), 16);
        assert_eq!(core::mem::offset_of!(Row<u8, 3>, elements), 16);
    }
}
