// SPDX-License-Identifier: GPL-2.0-only

//! The types whose values can be atomic.

use core::ffi::c_void;

use super::ordering::{AcquireOrRelaxed, Ordering, ReleaseOrRelaxed};
use super::{Atomic, AtomicAdd, AtomicType};

macro_rules! atomic_types {
    ($($type:ty => $repr:ty;)*) => {$(
        // SAFETY: both are integers of the same size and alignment, and all values of one are values of the other.
        unsafe impl AtomicType for $type {
            type Repr = $repr;
        }
    )*};
}

atomic_types! {
    i8 => i8;
    i16 => i16;
    i32 => i32;
    u32 => i32;
    i64 => i64;
    u64 => i64;
    isize => isize;
    usize => isize;
}

// SAFETY: a `bool` has the size and alignment of a byte and is 0 or 1; an atomic one is only ever written whole.
unsafe impl AtomicType for bool {
    type Repr = i8;
}

// SAFETY: both are addresses. The address itself can be sent; what may be done with it is another matter.
unsafe impl<T> AtomicType for *mut T {
    type Repr = *mut c_void;
}

// SAFETY: both are addresses. The address itself can be sent; what may be done with it is another matter.
unsafe impl<T> AtomicType for *const T {
    type Repr = *mut c_void;
}

macro_rules! additions {
    ($($type:ty => $repr:ty;)*) => {$(
        // SAFETY: all values of the integer are values of the type.
        unsafe impl AtomicAdd for $type {
            #[inline(always)]
            fn rhs_into_delta(rhs: Self) -> $repr {
                rhs as $repr
            }
        }
    )*};
}

additions! {
    i32 => i32;
    u32 => i32;
    i64 => i64;
    u64 => i64;
    isize => isize;
    usize => isize;
}

/// Yes or no, in whatever size the processor exchanges fastest.
///
/// # Examples
///
/// ```
/// use kernel::sync::atomic::{Acquire, AtomicFlag, Full, Relaxed};
///
/// let stopped = AtomicFlag::new(false);
/// assert!(!stopped.xchg(true, Full));
/// assert_eq!(stopped.cmpxchg(false, true, Relaxed), Err(true));
/// assert!(stopped.load(Acquire));
/// ```
pub struct AtomicFlag(Atomic<bool>);

impl AtomicFlag {
    /// A flag.
    pub const fn new(value: bool) -> Self {
        Self(Atomic::new(value))
    }

    /// The flag, for whoever has it alone.
    pub fn get_mut(&mut self) -> &mut bool {
        self.0.get_mut()
    }

    /// Reads the flag.
    #[inline(always)]
    pub fn load<O: AcquireOrRelaxed>(&self, order: O) -> bool {
        self.0.load(order)
    }

    /// Writes the flag.
    #[inline(always)]
    pub fn store<O: ReleaseOrRelaxed>(&self, value: bool, order: O) {
        self.0.store(value, order);
    }

    /// Writes the flag, and says what it was.
    #[inline(always)]
    pub fn xchg<O: Ordering>(&self, value: bool, order: O) -> bool {
        self.0.xchg(value, order)
    }

    /// Writes `new` if the flag is `old`, and says in any case what it was.
    ///
    /// # Errors
    ///
    /// The flag, when it was not `old`.
    #[inline(always)]
    pub fn cmpxchg<O: Ordering>(&self, old: bool, new: bool, order: O) -> Result<bool, bool> {
        self.0.cmpxchg(old, new, order)
    }
}
