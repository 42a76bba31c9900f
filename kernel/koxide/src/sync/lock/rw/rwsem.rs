// SPDX-License-Identifier: GPL-2.0-only

//! The lock of readers and writers that sleeps: include/linux/rwsem.h.

#![allow(unsafe_code, reason = "the C edge of rwsems")]

use koxide_abi::LockClass;

use crate::error::{Result, code::EINTR};

use super::{Backend, ReadGuard, WriteGuard};

/// A lock of readers and writers whose waiters sleep. Process context only.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{RwSemaphore, new_rwsem}};
///
/// let limits: Pin<KBox<RwSemaphore<(u32, u32)>>> = KBox::pin_init(new_rwsem!((1, 10)), GFP_KERNEL)?;
/// {
///     let one = limits.read();
///     assert!(one.0 < one.1 && limits.try_read().is_some() && limits.try_write().is_none());
/// }
/// limits.write().1 = 20;
/// assert_eq!(limits.read().1, 20);
/// # Ok::<(), Error>(())
/// ```
pub type RwSemaphore<T> = super::Lock<T, RwSemaphoreBackend>;

/// The guard of a reader of a [`RwSemaphore`].
pub type RwSemaphoreReadGuard<'a, T> = super::ReadGuard<'a, T, RwSemaphoreBackend>;

/// The guard of a writer of a [`RwSemaphore`].
pub type RwSemaphoreWriteGuard<'a, T> = super::WriteGuard<'a, T, RwSemaphoreBackend>;

/// The kernel's `struct rw_semaphore`.
pub struct RwSemaphoreBackend;

// SAFETY: the kernel's locks of readers and writers keep writers apart from everybody.
unsafe impl Backend for RwSemaphoreBackend {
    type State = koxide_abi::RwSemaphore;

    unsafe fn init(ptr: *mut Self::State, class: LockClass) {
        // SAFETY: the room has the size and alignment of `RwSemaphore` and stays; the class is as the caller promises.
        unsafe { koxide_abi::kx_init_rwsem(ptr.cast(), class) };
    }

    unsafe fn read(ptr: *mut Self::State) {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_down_read(ptr.cast()) };
    }

    unsafe fn try_read(ptr: *mut Self::State) -> bool {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_down_read_trylock(ptr.cast()) != 0 }
    }

    unsafe fn read_unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it for reading.
        unsafe { koxide_abi::kx_up_read(ptr.cast()) };
    }

    unsafe fn write(ptr: *mut Self::State) {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_down_write(ptr.cast()) };
    }

    unsafe fn try_write(ptr: *mut Self::State) -> bool {
        // SAFETY: the lock was initialised.
        unsafe { koxide_abi::kx_down_write_trylock(ptr.cast()) != 0 }
    }

    unsafe fn write_unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it for writing.
        unsafe { koxide_abi::kx_up_write(ptr.cast()) };
    }
}

impl<T: ?Sized> RwSemaphore<T> {
    /// As [`read`](super::Lock::read), and gives up when a signal comes.
    ///
    /// # Errors
    ///
    /// `EINTR` when a signal waits.
    ///
    /// # Context
    ///
    /// Process context; may sleep.
    pub fn read_interruptible(&self) -> Result<RwSemaphoreReadGuard<'_, T>> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        match unsafe { koxide_abi::kx_down_read_interruptible(self.state.get().cast()) } {
            0 => Ok(ReadGuard::of_locked(self)),
            _ => Err(EINTR),
        }
    }

    /// As [`write`](super::Lock::write), and gives up when the thread is to die.
    ///
    /// # Errors
    ///
    /// `EINTR` when a signal that kills waits.
    ///
    /// # Context
    ///
    /// Process context; may sleep.
    pub fn write_killable(&self) -> Result<RwSemaphoreWriteGuard<'_, T>> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        match unsafe { koxide_abi::kx_down_write_killable(self.state.get().cast()) } {
            0 => Ok(WriteGuard::of_locked(self)),
            _ => Err(EINTR),
        }
    }
}

impl<'a, T: ?Sized> RwSemaphoreWriteGuard<'a, T> {
    /// Goes on reading what was written: no other writer comes in between.
    pub fn downgrade(self) -> RwSemaphoreReadGuard<'a, T> {
        let lock = self.into_locked();
        // SAFETY: this thread has locked it for writing, and does not unlock it as a writer any more.
        unsafe { koxide_abi::kx_downgrade_write(lock.state.get().cast()) };
        ReadGuard::of_locked(lock)
    }
}

/// An initialiser of a [`RwSemaphore`] around a value, with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_rwsem {
    ($value:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::RwSemaphore::new($value, $crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
