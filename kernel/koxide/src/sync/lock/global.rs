// SPDX-License-Identifier: GPL-2.0-only

//! Locks that are statics.

#![allow(unsafe_code, reason = "the lock is made when it is first locked")]

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::marker::{PhantomData, PhantomPinned};
use core::ops::{Deref, DerefMut};
use core::pin::Pin;

use super::{Backend, Guard, Lock};
use crate::interrupt::local_interrupt_disable;
use crate::sync::LockClassKey;
use crate::sync::atomic::{Acquire, Atomic, Relaxed, Release};
use crate::types::Opaque;

/// The kernel's lock is not made yet.
const UNMADE: u32 = 0;
/// Somebody is making it.
const BEING_MADE: u32 = 1;
/// It is made.
const MADE: u32 = 2;

/// What `global_lock!` says of a lock.
pub trait GlobalLockBackend {
    /// The lock's name.
    const NAME: &'static CStr;
    /// What it protects.
    type Item: 'static;
    /// Its kind.
    type Backend: Backend + 'static;

    /// Its class, for kernels that check the order in which locks are taken.
    fn get_lock_class() -> Pin<&'static LockClassKey>;
}

/// A lock that is a static: [`global_lock!`](crate::global_lock) makes it.
///
/// The kernel's part of it is made when it is first locked, since no constant can be all kernels' lock.
///
/// # Invariants
///
/// There is no other lock of the same `B`. When `made` is `MADE` the lock's state is initialised. Who brought it from `UNMADE` to `BEING_MADE`, which happens
/// once, initialises it.
pub struct GlobalLock<B: GlobalLockBackend> {
    made: Atomic<u32>,
    inner: Lock<B::Item, B::Backend>,
}

impl<B: GlobalLockBackend> GlobalLock<B> {
    /// A lock around a value; [`global_lock!`](crate::global_lock) calls it.
    ///
    /// # Safety
    ///
    /// It is the only lock of this `B`, and it is a static.
    pub const unsafe fn new(value: B::Item) -> Self {
        // INVARIANT: nothing is initialised, and the caller promises that there is no other.
        Self {
            made: Atomic::new(UNMADE),
            inner: Lock {
                state: Opaque::uninit(),
                _pin: PhantomPinned,
                data: UnsafeCell::new(value),
            },
        }
    }

    /// Makes the kernel's lock now; otherwise that happens when it is first locked.
    pub fn init(&'static self) {
        self.made();
    }

    /// The lock, made.
    fn made(&'static self) -> &'static Lock<B::Item, B::Backend> {
        if self.made.load(Acquire) != MADE {
            self.make();
        }
        &self.inner
    }

    /// Makes the lock, or waits for who does.
    #[cold]
    fn make(&'static self) {
        // An interrupt handler that locks on this CPU meanwhile would wait for ever.
        let _disabled = local_interrupt_disable();
        if self.made.cmpxchg(UNMADE, BEING_MADE, Relaxed).is_err() {
            while self.made.load(Acquire) != MADE {
                core::hint::spin_loop();
            }
            return;
        }
        let class = B::get_lock_class().class(B::NAME);
        // SAFETY: the state stays where it is, since it is borrowed for ever; only this thread got here; the class lives for
        // ever.
        unsafe { B::Backend::init(self.inner.state.get(), class) };
        // INVARIANT: just initialised.
        self.made.store(MADE, Release);
    }

    /// Locks: the value can be reached until the guard goes.
    ///
    /// # Context
    ///
    /// See the kind of lock.
    pub fn lock(&'static self) -> GlobalGuard<B> {
        GlobalGuard {
            inner: self.made().lock(),
        }
    }

    /// Locks if that is possible at once.
    #[must_use = "the lock is unlocked when the guard goes"]
    pub fn try_lock(&'static self) -> Option<GlobalGuard<B>> {
        let inner = self.made().try_lock()?;
        Some(GlobalGuard { inner })
    }
}

/// The right to reach a [`GlobalLock`]'s value.
#[must_use = "the lock is unlocked when the guard goes"]
pub struct GlobalGuard<B: GlobalLockBackend> {
    inner: Guard<'static, B::Item, B::Backend>,
}

impl<B: GlobalLockBackend> Deref for GlobalGuard<B> {
    type Target = B::Item;

    fn deref(&self) -> &B::Item {
        &self.inner
    }
}

impl<B: GlobalLockBackend> DerefMut for GlobalGuard<B>
where
    B::Item: Unpin,
{
    fn deref_mut(&mut self) -> &mut B::Item {
        &mut self.inner
    }
}

/// A value that is reached by whoever has locked a certain [`GlobalLock`].
///
/// It is for parts of many values which one lock protects, and for which there is no room inside of the lock.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{GlobalGuard, GlobalLockedBy, global_lock}};
///
/// global_lock! {
///     /// Protects the bytes of all ports.
///     static PORTS: Mutex<()> = ();
/// }
///
/// struct Port {
///     bytes: GlobalLockedBy<u64, PORTS>,
/// }
///
/// fn move_bytes(from: &Port, to: &Port, ports: &mut GlobalGuard<PORTS>) {
///     let bytes = core::mem::take(from.bytes.as_mut(ports));
///     *to.bytes.as_mut(ports) += bytes;
/// }
///
/// let [one, other] = [7, 0].map(|bytes| Port { bytes: GlobalLockedBy::new(bytes) });
/// move_bytes(&one, &other, &mut PORTS.lock());
/// assert_eq!(*other.bytes.as_ref(&PORTS.lock()), 7);
/// ```
///
/// Two of them cannot be had mutably at once, since they could be the same:
///
/// ```compile_fail,E0499
/// use kernel::{prelude::*, sync::{GlobalGuard, GlobalLockedBy, global_lock}};
///
/// global_lock! {
///     static PORTS: Mutex<()> = ();
/// }
///
/// fn swap(one: &GlobalLockedBy<u64, PORTS>, other: &GlobalLockedBy<u64, PORTS>, ports: &mut GlobalGuard<PORTS>) {
///     core::mem::swap(one.as_mut(ports), other.as_mut(ports));
/// }
/// ```
pub struct GlobalLockedBy<T: ?Sized, B: GlobalLockBackend> {
    _lock: PhantomData<fn() -> B>,
    value: UnsafeCell<T>,
}

// SAFETY: who has the guard, of which there is one, has the value so, which is as good as sending it; to share it among
// threads, `as_ref` asks for `Sync`. It is `Send` when the value is.
unsafe impl<T: Send + ?Sized, B: GlobalLockBackend> Sync for GlobalLockedBy<T, B> {}

impl<T, B: GlobalLockBackend> GlobalLockedBy<T, B> {
    /// A value that the lock protects.
    pub const fn new(value: T) -> Self {
        Self {
            _lock: PhantomData,
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: ?Sized, B: GlobalLockBackend> GlobalLockedBy<T, B> {
    /// The value, for who shares the guard.
    pub fn as_ref<'a>(&'a self, _guard: &'a GlobalGuard<B>) -> &'a T
    where
        T: Sync,
    {
        // SAFETY: there is one lock of this `B`, and so one guard, which is shared during `'a`.
        unsafe { &*self.value.get() }
    }

    /// The value, for who has the guard exclusively.
    #[allow(
        clippy::mut_from_ref,
        reason = "the guard, of which there is one, is borrowed mutably"
    )]
    pub fn as_mut<'a>(&'a self, _guard: &'a mut GlobalGuard<B>) -> &'a mut T {
        // SAFETY: there is one lock of this `B`, and so one guard, which is borrowed mutably during `'a`.
        unsafe { &mut *self.value.get() }
    }

    /// The value, for who has this exclusively.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

/// Defines a lock that is a static: a `Mutex`, a `SpinLock` or a `SpinLockIrq`.
///
/// Upstream's form, `unsafe(uninit) static`, is taken too; but there is no need to initialise the lock.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::global_lock};
///
/// global_lock! {
///     /// How often something happened.
///     static HITS: SpinLock<u32> = 40;
/// }
///
/// *HITS.lock() += 2;
/// assert_eq!(*HITS.lock(), 42);
/// ```
///
/// What cannot be sent to another thread cannot be in one:
///
/// ```compile_fail,E0277
/// use kernel::{prelude::*, sync::global_lock};
///
/// global_lock! {
///     static ADDRESS: Mutex<*mut u32> = core::ptr::null_mut();
/// }
/// ```
#[macro_export]
macro_rules! global_lock {
    (
        $(#[$($meta:tt)*])* $vis:vis $(unsafe(uninit))? static $name:ident: $kind:ident<$item:ty> = $value:expr;
    ) => {
        #[doc(hidden)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "it has the name of its lock")]
        #[allow(unreachable_pub, reason = "it is where its lock is")]
        $vis enum $name {}

        impl $crate::sync::lock::GlobalLockBackend for $name {
            const NAME: &'static ::core::ffi::CStr = $crate::c_str!(::core::stringify!($name));
            type Item = $item;
            type Backend = $crate::__global_lock_backend!($kind);

            fn get_lock_class() -> ::core::pin::Pin<&'static $crate::sync::LockClassKey> {
                $crate::static_lock_class!()
            }
        }

        $($crate::__plain_attribute! { $($meta)* })*

        $(#[$($meta)*])*
        $vis static $name: $crate::sync::lock::GlobalLock<$name> = {
            // What the driver wrote stays outside of `unsafe`.
            let value: $item = $value;
            // SAFETY: this is a static, and the only lock of the type that was defined for it just now.
            unsafe { $crate::sync::lock::GlobalLock::new(value) }
        };
    };
}

/// A driver's own attributes say nothing to the linker:
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// use kernel::{prelude::*, sync::global_lock};
///
/// global_lock! {
///     #[unsafe(link_section = ".koxide.tables")]
///     static COUNT: Mutex<u32> = 0;
/// }
/// ```
#[cfg(doctest)]
struct Attacks;

/// The kind of a lock by its name.
#[doc(hidden)]
#[macro_export]
macro_rules! __global_lock_backend {
    (Mutex) => {
        $crate::sync::lock::mutex::MutexBackend
    };
    (SpinLock) => {
        $crate::sync::lock::spinlock::SpinLockBackend
    };
    (SpinLockIrq) => {
        $crate::sync::lock::spinlock::SpinLockIrqBackend
    };
}

#[cfg(test)]
mod tests {
    use std::thread;

    global_lock! {
        static SUM: Mutex<u32> = 0;
    }

    global_lock! {
        /// In upstream's form.
        pub(crate) unsafe(uninit) static EARLY: SpinLockIrq<u32> = 7;
    }

    #[test]
    fn many_make_it_at_once() {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| *SUM.lock() += 1));
            }
        });
        assert_eq!(*SUM.lock(), 800);
    }

    #[test]
    fn it_can_be_made_early() {
        EARLY.init();
        let guard = EARLY.try_lock().unwrap();
        assert!(EARLY.try_lock().is_none());
        assert_eq!(*guard, 7);
    }
}
