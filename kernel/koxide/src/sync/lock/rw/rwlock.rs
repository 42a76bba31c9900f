// SPDX-License-Identifier: GPL-2.0-only

//! The lock of readers and writers that spins: include/linux/rwlock.h.

#![allow(unsafe_code, reason = "the C edge of rwlocks")]

use koxide_abi::LockClass;

use super::Backend;

/// A lock of readers and writers whose waiters spin. While it is held nothing may sleep.
///
/// Readers that never pause keep a writer waiting. It leaves interrupts on: it is not for data that an interrupt handler
/// locks too.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{RwLock, new_rwlock}};
///
/// let limits: Pin<KBox<RwLock<(u32, u32)>>> = KBox::pin_init(new_rwlock!((1, 10)), GFP_KERNEL)?;
/// {
///     let one = limits.read();
///     assert!(one.0 < one.1 && limits.try_read().is_some() && limits.try_write().is_none());
/// }
/// limits.write().1 = 20;
/// assert_eq!(limits.read().1, 20);
/// # Ok::<(), Error>(())
/// ```
pub type RwLock<T> = super::Lock<T, RwLockBackend>;

/// The guard of a reader of a [`RwLock`].
pub type RwLockReadGuard<'a, T> = super::ReadGuard<'a, T, RwLockBackend>;

/// The guard of a writer of a [`RwLock`].
pub type RwLockWriteGuard<'a, T> = super::WriteGuard<'a, T, RwLockBackend>;

/// The kernel's `rwlock_t`.
pub struct RwLockBackend;

// SAFETY: the kernel's locks of readers and writers keep writers apart from everybody.
unsafe impl Backend for RwLockBackend {
    type State = koxide_abi::RwLock;

    unsafe fn init(ptr: *mut Self::State, class: LockClass) {
        // SAFETY: the room has the size and alignment of `RwLock` and stays; the class is as the caller promises.
        unsafe { koxide_abi::kx_rwlock_init(ptr.cast(), class) };
    }

    unsafe fn read(ptr: *mut Self::State) {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_read_lock(ptr.cast()) };
    }

    unsafe fn try_read(ptr: *mut Self::State) -> bool {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_read_trylock(ptr.cast()) != 0 }
    }

    unsafe fn read_unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it for reading.
        unsafe { koxide_abi::kx_read_unlock(ptr.cast()) };
    }

    unsafe fn write(ptr: *mut Self::State) {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_write_lock(ptr.cast()) };
    }

    unsafe fn try_write(ptr: *mut Self::State) -> bool {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_write_trylock(ptr.cast()) != 0 }
    }

    unsafe fn write_unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it for writing.
        unsafe { koxide_abi::kx_write_unlock(ptr.cast()) };
    }
}

/// An initialiser of a [`RwLock`] around a value, with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_rwlock {
    ($value:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::RwLock::new($value, $crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
