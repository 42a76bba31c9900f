// SPDX-License-Identifier: GPL-2.0-only

//! The lock that sleeps: include/linux/mutex.h.

#![allow(unsafe_code, reason = "the C edge of mutexes")]

use koxide_abi::LockClass;

use super::Backend;

/// A lock whose waiters sleep. Process context only.
///
/// # Examples
///
/// ```
/// use kernel::{new_mutex, prelude::*, sync::Mutex};
///
/// #[pin_data]
/// struct Counter {
///     #[pin]
///     hits: Mutex<u32>,
/// }
///
/// let counter = KBox::pin_init(pin_init!(Counter { hits <- new_mutex!(0) }), GFP_KERNEL)?;
/// *counter.hits.lock() += 1;
/// assert_eq!(*counter.hits.lock(), 1);
/// # Ok::<(), Error>(())
/// ```
pub type Mutex<T> = super::Lock<T, MutexBackend>;

/// The guard of a [`Mutex`].
pub type MutexGuard<'a, T> = super::Guard<'a, T, MutexBackend>;

/// The kernel's `struct mutex`.
pub struct MutexBackend;

// SAFETY: the kernel's mutexes exclude each other's owners.
unsafe impl Backend for MutexBackend {
    type State = koxide_abi::Mutex;

    unsafe fn init(ptr: *mut Self::State, class: LockClass) {
        // SAFETY: the room has the size and alignment of `Mutex` and stays; the class is as the caller promises.
        unsafe { koxide_abi::kx_mutex_init(ptr.cast(), class) };
    }

    unsafe fn lock(ptr: *mut Self::State) {
        // SAFETY: the mutex was initialised.
        unsafe { koxide_abi::kx_mutex_lock(ptr.cast()) };
    }

    unsafe fn try_lock(ptr: *mut Self::State) -> bool {
        // SAFETY: the mutex was initialised.
        unsafe { koxide_abi::kx_mutex_trylock(ptr.cast()) != 0 }
    }

    unsafe fn unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it.
        unsafe { koxide_abi::kx_mutex_unlock(ptr.cast()) };
    }
}

/// An initialiser of a [`Mutex`] around a value, with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_mutex {
    ($value:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::Mutex::new($value, $crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
