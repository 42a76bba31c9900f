// SPDX-License-Identifier: GPL-2.0-only

//! Locks that many may hold to read, or one to write.

#![allow(unsafe_code, reason = "the C edge of all locks of readers and writers")]

pub mod rwlock;
pub mod rwsem;

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::marker::PhantomPinned;
use core::mem::ManuallyDrop;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;

use koxide_abi::LockClass;
use macros::pin_data;

use crate::pin_init::{PinInit, Wrapper, pin_init};
use crate::sync::LockClassKey;
use crate::types::{NotThreadSafe, Opaque};

/// A kind of lock of readers and writers.
///
/// # Safety
///
/// Between `write`, or a `try_write` that succeeded, and `write_unlock` nobody else gets through any of them; between
/// `read`, or a `try_read` that succeeded, and `read_unlock` nobody gets through those of writers.
pub unsafe trait Backend {
    /// What the kernel keeps in each lock.
    type State;

    /// Makes a lock.
    ///
    /// # Safety
    ///
    /// `ptr` is valid for writes, and what it points at stays there; `class` is as [`LockClass::new`] says.
    unsafe fn init(ptr: *mut Self::State, class: LockClass);

    /// Locks for reading.
    ///
    /// # Safety
    ///
    /// `ptr` was given to [`init`](Self::init).
    unsafe fn read(ptr: *mut Self::State);

    /// Locks for reading if that is possible at once; whether it was.
    ///
    /// # Safety
    ///
    /// `ptr` was given to [`init`](Self::init).
    unsafe fn try_read(ptr: *mut Self::State) -> bool;

    /// Ends reading.
    ///
    /// # Safety
    ///
    /// This thread has locked it for reading.
    unsafe fn read_unlock(ptr: *mut Self::State);

    /// Locks for writing.
    ///
    /// # Safety
    ///
    /// `ptr` was given to [`init`](Self::init).
    unsafe fn write(ptr: *mut Self::State);

    /// Locks for writing if that is possible at once; whether it was.
    ///
    /// # Safety
    ///
    /// `ptr` was given to [`init`](Self::init).
    unsafe fn try_write(ptr: *mut Self::State) -> bool;

    /// Ends writing.
    ///
    /// # Safety
    ///
    /// This thread has locked it for writing.
    unsafe fn write_unlock(ptr: *mut Self::State);
}

/// A value that many threads can read at a time, or one write.
#[pin_data]
pub struct Lock<T: ?Sized, B: Backend> {
    #[pin]
    state: Opaque<B::State>,
    #[pin]
    _pin: PhantomPinned,
    #[pin]
    data: UnsafeCell<T>,
}

// SAFETY: the value can be sent; the lock's own state stays with it, and locks can be used on any thread.
unsafe impl<T: ?Sized + Send, B: Backend> Send for Lock<T, B> {}
// SAFETY: readers share the value among threads, and a writer has it for itself, which is as good as sending it.
unsafe impl<T: ?Sized + Send + Sync, B: Backend> Sync for Lock<T, B> {}

impl<T, B: Backend> Lock<T, B> {
    /// A lock around a value; the macros `new_rwlock!` and `new_rwsem!` call this.
    pub fn new(
        value: impl PinInit<T>,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        let class = key.class(name);
        pin_init!(Self {
            // SAFETY: the room is valid for writes and pinned, and the class lives for ever.
            state <- Opaque::ffi_init(move |room| unsafe { B::init(room, class) }),
            _pin: PhantomPinned,
            data <- UnsafeCell::pin_init(value),
        })
    }
}

impl<T: ?Sized, B: Backend> Lock<T, B> {
    /// Locks for reading: the value does not change until the guard goes.
    ///
    /// # Context
    ///
    /// See the kind of lock. A thread that writes never gets through; one that reads may not, when a writer waits.
    pub fn read(&self) -> ReadGuard<'_, T, B> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        unsafe { B::read(self.state.get()) };
        ReadGuard::of_locked(self)
    }

    /// Locks for reading if that is possible at once.
    #[must_use = "the lock is unlocked when the guard goes"]
    pub fn try_read(&self) -> Option<ReadGuard<'_, T, B>> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        let locked = unsafe { B::try_read(self.state.get()) };
        locked.then(|| ReadGuard::of_locked(self))
    }

    /// Locks for writing: nobody else reaches the value until the guard goes.
    ///
    /// # Context
    ///
    /// See the kind of lock. A thread that reads or writes already never gets through.
    pub fn write(&self) -> WriteGuard<'_, T, B> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        unsafe { B::write(self.state.get()) };
        WriteGuard::of_locked(self)
    }

    /// Locks for writing if that is possible at once.
    #[must_use = "the lock is unlocked when the guard goes"]
    pub fn try_write(&self) -> Option<WriteGuard<'_, T, B>> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        let locked = unsafe { B::try_write(self.state.get()) };
        locked.then(|| WriteGuard::of_locked(self))
    }
}

/// The right to read a lock's value; it ends with the guard, on the thread that locked.
///
/// ```compile_fail,E0277
/// use kernel::sync::RwLockReadGuard;
///
/// fn to_another_thread(value: impl Send) {}
///
/// fn send(guard: RwLockReadGuard<'static, u32>) {
///     to_another_thread(guard);
/// }
/// ```
///
/// # Invariants
///
/// This thread has locked the lock for reading, once for each guard.
#[must_use = "the lock is unlocked when the guard goes"]
pub struct ReadGuard<'a, T: ?Sized, B: Backend> {
    lock: &'a Lock<T, B>,
    _not_send: NotThreadSafe,
}

// SAFETY: a shared guard gives out shared references only.
unsafe impl<T: ?Sized + Sync, B: Backend> Sync for ReadGuard<'_, T, B> {}

impl<'a, T: ?Sized, B: Backend> ReadGuard<'a, T, B> {
    /// The guard of a lock that was just locked for reading.
    fn of_locked(lock: &'a Lock<T, B>) -> Self {
        // INVARIANT: as the caller says.
        Self {
            lock,
            _not_send: NotThreadSafe,
        }
    }
}

impl<T: ?Sized, B: Backend> Deref for ReadGuard<'_, T, B> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread has locked the lock for reading, so that nobody writes while the guard is borrowed.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized, B: Backend> Drop for ReadGuard<'_, T, B> {
    fn drop(&mut self) {
        // SAFETY: this thread has locked the lock for reading: a guard is not sent.
        unsafe { B::read_unlock(self.lock.state.get()) };
    }
}

/// The right to write a lock's value; it ends with the guard, on the thread that locked.
///
/// ```compile_fail,E0277
/// use kernel::sync::RwSemaphoreWriteGuard;
///
/// fn to_another_thread(value: impl Send) {}
///
/// fn send(guard: RwSemaphoreWriteGuard<'static, u32>) {
///     to_another_thread(guard);
/// }
/// ```
///
/// # Invariants
///
/// This thread has locked the lock for writing.
#[must_use = "the lock is unlocked when the guard goes"]
pub struct WriteGuard<'a, T: ?Sized, B: Backend> {
    lock: &'a Lock<T, B>,
    _not_send: NotThreadSafe,
}

// SAFETY: a shared guard gives out shared references only.
unsafe impl<T: ?Sized + Sync, B: Backend> Sync for WriteGuard<'_, T, B> {}

impl<'a, T: ?Sized, B: Backend> WriteGuard<'a, T, B> {
    /// The guard of a lock that was just locked for writing.
    fn of_locked(lock: &'a Lock<T, B>) -> Self {
        // INVARIANT: as the caller says.
        Self {
            lock,
            _not_send: NotThreadSafe,
        }
    }

    /// The lock, which stays locked for writing.
    fn into_locked(self) -> &'a Lock<T, B> {
        ManuallyDrop::new(self).lock
    }

    /// The value, pinned: for values that must not move.
    pub fn as_mut(&mut self) -> Pin<&mut T> {
        // SAFETY: this thread has locked the lock for writing, and the guard is borrowed mutably.
        let value = unsafe { &mut *self.lock.data.get() };
        // SAFETY: the lock is pinned, and its data with it.
        unsafe { Pin::new_unchecked(value) }
    }
}

impl<T: ?Sized, B: Backend> Deref for WriteGuard<'_, T, B> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread has locked the lock for writing, and the guard is borrowed.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized + Unpin, B: Backend> DerefMut for WriteGuard<'_, T, B> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread has locked the lock for writing, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized, B: Backend> Drop for WriteGuard<'_, T, B> {
    fn drop(&mut self) {
        // SAFETY: this thread has locked the lock for writing: a guard is not sent.
        unsafe { B::write_unlock(self.lock.state.get()) };
    }
}
