// SPDX-License-Identifier: GPL-2.0-only

//! The lock that spins: include/linux/spinlock.h.

#![allow(unsafe_code, reason = "the C edge of spinlocks")]

use core::ffi::c_char;

use super::Backend;

/// A lock whose waiters spin. While it is held nothing may sleep.
///
/// It leaves interrupts on: it is not for data that an interrupt handler locks too.
///
/// # Examples
///
/// ```
/// use kernel::{new_spinlock, prelude::*, sync::SpinLock};
///
/// #[pin_data]
/// struct Counter {
///     #[pin]
///     hits: SpinLock<u32>,
/// }
///
/// let counter = KBox::pin_init(pin_init!(Counter { hits <- new_spinlock!(0) }), GFP_KERNEL)?;
/// *counter.hits.lock() += 1;
/// assert_eq!(*counter.hits.lock(), 1);
/// # Ok::<(), Error>(())
/// ```
pub type SpinLock<T> = super::Lock<T, SpinLockBackend>;

/// The guard of a [`SpinLock`].
pub type SpinLockGuard<'a, T> = super::Guard<'a, T, SpinLockBackend>;

/// The kernel's `spinlock_t`.
pub struct SpinLockBackend;

// SAFETY: the kernel's spinlocks exclude each other's owners.
unsafe impl Backend for SpinLockBackend {
    type State = koxide_abi::SpinLock;

    unsafe fn init(ptr: *mut Self::State, name: *const c_char) {
        // SAFETY: the room has the size and alignment of `SpinLock` and stays, and the name lives as long.
        unsafe { koxide_abi::kx_spin_lock_init(ptr.cast(), name) };
    }

    unsafe fn lock(ptr: *mut Self::State) {
        // SAFETY: the spinlock was initialised.
        unsafe { koxide_abi::kx_spin_lock(ptr.cast()) };
    }

    unsafe fn try_lock(ptr: *mut Self::State) -> bool {
        // SAFETY: the spinlock was initialised.
        unsafe { koxide_abi::kx_spin_trylock(ptr.cast()) != 0 }
    }

    unsafe fn unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it.
        unsafe { koxide_abi::kx_spin_unlock(ptr.cast()) };
    }
}

/// An initialiser of a [`SpinLock`] around a value, with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_spinlock {
    ($value:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::SpinLock::new($value, $crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
