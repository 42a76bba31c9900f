// SPDX-License-Identifier: GPL-2.0-only

//! The lock that spins: include/linux/spinlock.h.

#![allow(unsafe_code, reason = "the C edge of spinlocks")]

use koxide_abi::LockClass;

use super::Backend;
use crate::interrupt::LocalInterruptDisabled;

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

    unsafe fn init(ptr: *mut Self::State, class: LockClass) {
        // SAFETY: the room has the size and alignment of `SpinLock` and stays; the class is as the caller promises.
        unsafe { koxide_abi::kx_spin_lock_init(ptr.cast(), class) };
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

/// A lock whose waiters spin, for data that an interrupt handler locks too. While it is held interrupts do not come to
/// this CPU, and nothing may sleep. On [PREEMPT_RT](crate::interrupt::is_preempt_rt) its waiters sleep as interrupt handlers
/// do, which are threads there, and interrupts come. The callback of a timer in one of the hard modes is none of these
/// threads, and must not lock it there.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{SpinLockIrq, new_spinlock_irq}};
///
/// let hits: Pin<KBox<SpinLockIrq<u32>>> = KBox::pin_init(new_spinlock_irq!(0), GFP_KERNEL)?;
/// *hits.lock() += 1;
/// assert_eq!(*hits.lock(), 1);
/// # Ok::<(), Error>(())
/// ```
pub type SpinLockIrq<T> = super::Lock<T, SpinLockIrqBackend>;

/// The guard of a [`SpinLockIrq`].
pub type SpinLockIrqGuard<'a, T> = super::Guard<'a, T, SpinLockIrqBackend>;

/// The kernel's `spinlock_t`, with interrupts disabled while it is locked.
pub struct SpinLockIrqBackend;

// SAFETY: the kernel's spinlocks exclude each other's owners.
unsafe impl Backend for SpinLockIrqBackend {
    type State = koxide_abi::SpinLock;

    unsafe fn init(ptr: *mut Self::State, class: LockClass) {
        // SAFETY: the room has the size and alignment of `SpinLock` and stays; the class is as the caller promises.
        unsafe { koxide_abi::kx_spin_lock_init(ptr.cast(), class) };
    }

    unsafe fn lock(ptr: *mut Self::State) {
        // SAFETY: the spinlock was initialised.
        unsafe { koxide_abi::kx_spin_lock_irq_disable(ptr.cast()) };
    }

    unsafe fn try_lock(ptr: *mut Self::State) -> bool {
        // SAFETY: the spinlock was initialised.
        unsafe { koxide_abi::kx_spin_trylock_irq_disable(ptr.cast()) != 0 }
    }

    unsafe fn unlock(ptr: *mut Self::State) {
        // SAFETY: this thread has locked it.
        unsafe { koxide_abi::kx_spin_unlock_irq_enable(ptr.cast()) };
    }
}

impl<T: ?Sized> SpinLockIrq<T> {
    /// Locks where interrupts are disabled already, and stay so until the guard is gone.
    ///
    /// ```compile_fail,E0505
    /// # use kernel::{interrupt::local_interrupt_disable, sync::SpinLockIrq};
    /// fn add(hits: &SpinLockIrq<u32>) {
    ///     let disabled = local_interrupt_disable();
    ///     let mut guard = hits.lock_with(&disabled);
    ///     drop(disabled);
    ///     *guard += 1;
    /// }
    /// ```
    pub fn lock_with<'a>(&'a self, context: &'a LocalInterruptDisabled) -> SpinLockGuard<'a, T> {
        self.plain(context).lock()
    }

    /// As [`lock_with`](Self::lock_with), if that is possible at once.
    #[must_use = "the lock is unlocked when the guard goes"]
    pub fn try_lock_with<'a>(
        &'a self,
        context: &'a LocalInterruptDisabled,
    ) -> Option<SpinLockGuard<'a, T>> {
        self.plain(context).try_lock()
    }

    /// The same lock, as one that leaves interrupts as they are.
    fn plain<'a>(&'a self, _context: &'a LocalInterruptDisabled) -> &'a SpinLock<T> {
        let lock = core::ptr::from_ref(self) as *const SpinLock<T>;
        // SAFETY: both kinds have the same state, made in the same way, and so the same layout, which is C's; they
        // exclude each other's owners, and the lock is borrowed as long as the result.
        unsafe { &*lock }
    }
}

/// An initialiser of a [`SpinLockIrq`] around a value, with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_spinlock_irq {
    ($value:expr $(, $name:literal)? $(,)?) => {
        $crate::sync::SpinLockIrq::new($value, $crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
