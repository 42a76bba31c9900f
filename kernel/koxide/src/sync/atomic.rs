// SPDX-License-Identifier: GPL-2.0-only

//! Atomic values, in the kernel's memory model: Documentation/memory-barriers.txt and Documentation/atomic_t.txt.
//!
//! Each operation is given an ordering as a value: [`Relaxed`], [`Acquire`], [`Release`] or [`Full`]. `Full` is what the
//! kernel's functions without a suffix have: everything before the operation comes before everything after it, which is
//! more than Rust's `SeqCst` says about other variables.

#![allow(unsafe_code, reason = "values are atomics of the same layout")]

mod imp;
pub mod ordering;
mod types;

use core::fmt;

pub use imp::AtomicImpl;
pub use ordering::{Acquire, Full, Relaxed, Release};
pub use types::AtomicFlag;

use imp::Arithmetic;
use imp::sealed::{Add, Ops};
use ordering::{AcquireOrRelaxed, Ordering, ReleaseOrRelaxed};

/// A value that threads read and change at the same time.
///
/// # Examples
///
/// ```
/// use kernel::sync::atomic::{Acquire, Atomic, Full, Relaxed, Release};
///
/// static HITS: Atomic<u32> = Atomic::new(40);
///
/// HITS.add(1, Relaxed);
/// assert_eq!(HITS.fetch_add(1, Full), 41);
/// assert_eq!(HITS.cmpxchg(42, 7, Acquire), Ok(42));
/// HITS.store(HITS.load(Relaxed) + 1, Release);
/// assert_eq!(HITS.cmpxchg(42, 9, Relaxed), Err(8));
/// assert_eq!(HITS.xchg(0, Full), 8);
/// ```
///
/// Loads have no `Release`, and stores no `Acquire`:
///
/// ```compile_fail,E0277
/// use kernel::sync::atomic::{Atomic, Release};
///
/// let value = Atomic::new(1).load(Release);
/// ```
///
/// A `bool` cannot be added to, nor can a type be atomic that the processor does not know as such:
///
/// ```compile_fail,E0599
/// use kernel::sync::atomic::{Atomic, Full};
///
/// Atomic::new(true).fetch_add(true, Full);
/// ```
///
/// ```compile_fail,E0277
/// use kernel::sync::atomic::Atomic;
///
/// static PAIR: Atomic<(u32, u32)> = Atomic::new((1, 2));
/// ```
#[repr(transparent)]
pub struct Atomic<T: AtomicType>(<T::Repr as Ops>::Cell);

/// Types whose values can be atomic.
///
/// # Safety
///
/// The type has the size and alignment of `Repr`; all its values are values of `Repr`, and those that an atomic of it can
/// come to have through the operations that it has are values of it. It can be sent to other threads.
pub unsafe trait AtomicType: Copy {
    /// The integer that stands for it.
    type Repr: AtomicImpl;
}

/// Types whose atomics an `Rhs` can be added to.
///
/// # Safety
///
/// Every value of `Repr` is one of this type.
pub unsafe trait AtomicAdd<Rhs = Self>: AtomicType {
    /// What is added to the integer.
    fn rhs_into_delta(rhs: Rhs) -> Self::Repr;
}

/// The integer that stands for a value.
#[inline(always)]
const fn into_repr<T: AtomicType>(value: T) -> T::Repr {
    // SAFETY: the two have the same size, and a value is one of the integer too.
    unsafe { core::mem::transmute_copy(&value) }
}

/// The value that an integer stands for.
///
/// # Safety
///
/// It came from an atomic of the type.
#[inline(always)]
unsafe fn from_repr<T: AtomicType>(repr: T::Repr) -> T {
    // SAFETY: the two have the same size, and what an atomic of the type has is a value of it.
    unsafe { core::mem::transmute_copy(&repr) }
}

// SAFETY: an atomic is read and changed by atomic operations only, and its values can be sent.
unsafe impl<T: AtomicType> Send for Atomic<T> {}
// SAFETY: a shared atomic is read and changed by atomic operations only, and what they give out can be sent.
unsafe impl<T: AtomicType> Sync for Atomic<T> {}

impl<T: AtomicType> Atomic<T> {
    /// An atomic value.
    pub const fn new(value: T) -> Self {
        let repr = into_repr(value);
        // SAFETY: the cell of an integer has its layout, and any of its values.
        Self(unsafe { core::mem::transmute_copy(&repr) })
    }

    /// The atomic at an address, for a value that C code shares.
    ///
    /// # Safety
    ///
    /// The address is aligned to the size of a `T`, and valid for reads and writes during `'a`, in which whoever else uses
    /// the value does so with atomic operations of the same size.
    pub const unsafe fn from_ptr<'a>(ptr: *mut T) -> &'a Self {
        // SAFETY: the atomic has the layout of its value, which lives for `'a`, and which nobody uses in another way.
        unsafe { &*ptr.cast::<Self>() }
    }

    /// The value, for whoever has it alone.
    pub fn get_mut(&mut self) -> &mut T {
        let value: *mut T = core::ptr::from_mut(self).cast();
        // SAFETY: the atomic has the layout of its value, is one, and is borrowed mutably.
        unsafe { &mut *value }
    }

    /// Where the value is.
    pub const fn as_ptr(&self) -> *mut T {
        core::ptr::from_ref(self).cast_mut().cast()
    }

    /// Reads the value: `Relaxed`, or `Acquire`, with which what follows comes after.
    #[inline(always)]
    pub fn load<O: AcquireOrRelaxed>(&self, _: O) -> T {
        let repr = <T::Repr as Ops>::load(&self.0, O::TYPE);
        // SAFETY: it came from here.
        unsafe { from_repr(repr) }
    }

    /// Writes the value: `Relaxed`, or `Release`, with which what precedes comes before.
    #[inline(always)]
    pub fn store<O: ReleaseOrRelaxed>(&self, value: T, _: O) {
        <T::Repr as Ops>::store(&self.0, into_repr(value), O::TYPE);
    }

    /// Writes the value, and says what it was.
    #[inline(always)]
    pub fn xchg<O: Ordering>(&self, value: T, _: O) -> T {
        let old = <T::Repr as Ops>::xchg(&self.0, into_repr(value), O::TYPE);
        // SAFETY: it came from here.
        unsafe { from_repr(old) }
    }

    /// Writes `new` if the value is `old`, and says in any case what it was.
    ///
    /// # Errors
    ///
    /// The value, when it was not `old`: nothing was written, and nothing is ordered.
    #[inline(always)]
    pub fn cmpxchg<O: Ordering>(&self, old: T, new: T, _: O) -> Result<T, T> {
        let (old, new) = (into_repr(old), into_repr(new));
        match <T::Repr as Ops>::cmpxchg(&self.0, old, new, O::TYPE) {
            // SAFETY: it came from here.
            Ok(was) => Ok(unsafe { from_repr(was) }),
            // SAFETY: it came from here.
            Err(was) => Err(unsafe { from_repr(was) }),
        }
    }
}

impl<T: AtomicType> Atomic<T>
where
    T::Repr: Arithmetic,
{
    /// Adds to the value, which wraps around.
    #[inline(always)]
    pub fn add<Rhs>(&self, value: Rhs, _: Relaxed)
    where
        T: AtomicAdd<Rhs>,
    {
        T::Repr::fetch_add(&self.0, T::rhs_into_delta(value), Relaxed::TYPE);
    }

    /// Adds to the value, which wraps around, and says what it was.
    #[inline(always)]
    pub fn fetch_add<Rhs, O: Ordering>(&self, value: Rhs, _: O) -> T
    where
        T: AtomicAdd<Rhs>,
    {
        let old = T::Repr::fetch_add(&self.0, T::rhs_into_delta(value), O::TYPE);
        // SAFETY: it came from here.
        unsafe { from_repr(old) }
    }

    /// Subtracts from the value, which wraps around, and says what it was.
    #[inline(always)]
    pub fn fetch_sub<Rhs, O: Ordering>(&self, value: Rhs, _: O) -> T
    where
        T: AtomicAdd<Rhs>,
    {
        let old = T::Repr::fetch_sub(&self.0, T::rhs_into_delta(value), O::TYPE);
        // SAFETY: it came from here.
        unsafe { from_repr(old) }
    }
}

impl<T: AtomicType + fmt::Debug> fmt::Debug for Atomic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load(Relaxed).fmt(f)
    }
}

#[cfg(test)]
mod tests;
