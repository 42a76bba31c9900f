// SPDX-License-Identifier: GPL-2.0-only

//! Locks that own their data: it is reached through a guard, and the guard unlocks.

#![allow(unsafe_code, reason = "the C edge of all locks")]

mod global;
pub mod mutex;
pub mod rw;
pub mod spinlock;

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::marker::PhantomPinned;
use core::ops::{Deref, DerefMut};
use core::pin::Pin;

use koxide_abi::LockClass;
use macros::pin_data;

use crate::pin_init::{PinInit, Wrapper, pin_init};
use crate::sync::LockClassKey;
use crate::types::{NotThreadSafe, Opaque, ScopeGuard};

pub use global::{GlobalGuard, GlobalLock, GlobalLockBackend, GlobalLockedBy};

/// A kind of lock.
///
/// # Safety
///
/// After `lock`, and after a `try_lock` that succeeded, no other thread gets through either of them until `unlock`.
pub unsafe trait Backend {
    /// What the kernel keeps in each lock.
    type State;

    /// Makes a lock.
    ///
    /// # Safety
    ///
    /// `ptr` is valid for writes, and what it points at stays there; `class` is as [`LockClass::new`] says.
    unsafe fn init(ptr: *mut Self::State, class: LockClass);

    /// Locks.
    ///
    /// # Safety
    ///
    /// `ptr` was given to [`init`](Self::init).
    unsafe fn lock(ptr: *mut Self::State);

    /// Locks if that is possible at once; whether it was.
    ///
    /// # Safety
    ///
    /// `ptr` was given to [`init`](Self::init).
    unsafe fn try_lock(ptr: *mut Self::State) -> bool;

    /// Unlocks.
    ///
    /// # Safety
    ///
    /// This thread has locked it.
    unsafe fn unlock(ptr: *mut Self::State);
}

/// A value that one thread at a time can reach.
///
/// A lock is made in place and stays there, since the kernel keeps its address: there is no way to have one that could
/// still be moved.
///
/// ```compile_fail,E0277
/// use kernel::{new_mutex, prelude::*, sync::Mutex};
///
/// let pinned: Pin<KBox<Mutex<u32>>> = KBox::pin_init(new_mutex!(0), GFP_KERNEL).unwrap();
/// let movable = Pin::into_inner(pinned);
/// ```
///
/// The value may be of a type that is not known before, such as a `dyn Trait`:
///
/// ```
/// use kernel::{new_mutex, prelude::*, sync::{Arc, Mutex}};
///
/// let count: Arc<Mutex<u32>> = Arc::pin_init(new_mutex!(7), GFP_KERNEL)?;
/// let shown: Arc<Mutex<dyn core::fmt::Debug + Send>> = count;
/// assert!(shown.try_lock().is_some());
/// # Ok::<(), Error>(())
/// ```
#[repr(C)]
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
// SAFETY: a shared lock lets one thread at a time reach the value, which is as good as sending it.
unsafe impl<T: ?Sized + Send, B: Backend> Sync for Lock<T, B> {}

impl<T, B: Backend> Lock<T, B> {
    /// A lock around a value; the macros `new_mutex!` and `new_spinlock!` call this.
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
    /// Where the value is, to know the lock by.
    pub(super) fn data_ptr(&self) -> *const T {
        self.data.get()
    }

    /// Locks: the value can be reached until the guard goes.
    ///
    /// # Context
    ///
    /// See the kind of lock. Locking again what this thread has locked never returns.
    pub fn lock(&self) -> Guard<'_, T, B> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        unsafe { B::lock(self.state.get()) };
        // INVARIANT: just locked.
        Guard {
            lock: self,
            _not_send: NotThreadSafe,
        }
    }

    /// Locks if that is possible at once.
    pub fn try_lock(&self) -> Option<Guard<'_, T, B>> {
        // SAFETY: only `new` makes a lock, and it initialises the state.
        let locked = unsafe { B::try_lock(self.state.get()) };
        // INVARIANT: just locked.
        locked.then(|| Guard {
            lock: self,
            _not_send: NotThreadSafe,
        })
    }
}

/// The right to reach a lock's value; it ends with the guard, on the thread that locked.
///
/// ```compile_fail,E0277
/// use kernel::sync::MutexGuard;
///
/// fn to_another_thread(value: impl Send) {}
///
/// fn send(guard: MutexGuard<'static, u32>) {
///     to_another_thread(guard);
/// }
/// ```
///
/// # Invariants
///
/// This thread has locked the lock.
#[must_use = "the lock is unlocked when the guard goes"]
pub struct Guard<'a, T: ?Sized, B: Backend> {
    lock: &'a Lock<T, B>,
    _not_send: NotThreadSafe,
}

// SAFETY: a shared guard gives out shared references only.
unsafe impl<T: ?Sized + Sync, B: Backend> Sync for Guard<'_, T, B> {}

impl<'a, T: ?Sized, B: Backend> Guard<'a, T, B> {
    /// The lock that is locked.
    pub fn lock_ref(&self) -> &'a Lock<T, B> {
        self.lock
    }

    /// Runs something while the lock is unlocked for it.
    pub(crate) fn do_unlocked<U>(&mut self, body: impl FnOnce() -> U) -> U {
        let state = self.lock.state.get();
        // SAFETY: this thread has locked the lock, and nobody reaches the value through the guard meanwhile, since it is
        // borrowed mutably.
        unsafe { B::unlock(state) };
        // SAFETY: only `new` makes a lock, and it initialises the state.
        let _relock = ScopeGuard::new(|| unsafe { B::lock(state) });
        body()
    }

    /// The value, pinned: for values that must not move.
    pub fn as_mut(&mut self) -> Pin<&mut T> {
        // SAFETY: this thread has locked the lock, and the guard is borrowed mutably.
        let value = unsafe { &mut *self.lock.data.get() };
        // SAFETY: the lock is pinned, and its data with it.
        unsafe { Pin::new_unchecked(value) }
    }
}

impl<T: ?Sized, B: Backend> Deref for Guard<'_, T, B> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this thread has locked the lock, and the guard is borrowed.
        unsafe { &*self.lock.data.get() }
    }
}

impl<T: ?Sized + Unpin, B: Backend> DerefMut for Guard<'_, T, B> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: this thread has locked the lock, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.data.get() }
    }
}

impl<T: ?Sized, B: Backend> Drop for Guard<'_, T, B> {
    fn drop(&mut self) {
        // SAFETY: this thread has locked the lock: a guard is not sent.
        unsafe { B::unlock(self.lock.state.get()) };
    }
}
