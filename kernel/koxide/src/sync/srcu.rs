// SPDX-License-Identifier: GPL-2.0-only

//! Read-copy-update whose readers may sleep: include/linux/srcu.h.

#![allow(unsafe_code, reason = "the C edge of SRCU")]

use core::ffi::{CStr, c_int};
use core::pin::Pin;
use core::ptr::NonNull;

use koxide_abi::types::srcu_struct;

use crate::error::{Error, code::ENOMEM};
use crate::pin_init::PinInit;
use crate::sync::LockClassKey;
use crate::try_init;
use crate::types::NotThreadSafe;

/// A domain of readers that may sleep, and that writers wait for.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// use kernel::{prelude::*, sync::{Srcu, new_srcu}};
///
/// let users = KBox::try_pin_init(new_srcu!(), GFP_KERNEL)?;
/// {
///     let _using = users.read_lock();
///     // What is used may sleep.
/// }
/// // Whoever was using it when this was called does so no longer when it returns.
/// users.synchronize();
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
///
/// The pointer came from `kx_srcu_alloc`, and belongs to this value.
pub struct Srcu {
    inner: NonNull<srcu_struct>,
}

// SAFETY: a domain belongs to no thread.
unsafe impl Send for Srcu {}
// SAFETY: the kernel's domains are for many threads at once.
unsafe impl Sync for Srcu {}

impl Srcu {
    /// A domain without readers; the macro `new_srcu!` calls this.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    ///
    /// # Context
    ///
    /// Process context; may sleep.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self, Error> {
        let class = key.class(name);
        try_init!(Self {
            // INVARIANT: just made.
            inner: NonNull::new(
                // SAFETY: the class lives for ever; the context is the caller's.
                unsafe { koxide_abi::kx_srcu_alloc(class) }
            )
            .ok_or(ENOMEM)?,
        })
    }

    /// Begins a critical section of a reader, who may sleep in it.
    ///
    /// # Context
    ///
    /// Any but an NMI.
    pub fn read_lock(&self) -> Guard<'_> {
        // SAFETY: the domain exists as long as `self`; the guard ends the section, on this thread.
        let index = unsafe { koxide_abi::kx_srcu_read_lock(self.inner.as_ptr()) };
        // INVARIANT: just begun.
        Guard {
            srcu: self,
            index,
            _not_send: NotThreadSafe,
        }
    }

    /// Waits until all critical sections that have begun are over.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In a section of the same domain it would wait for itself.
    pub fn synchronize(&self) {
        // SAFETY: the domain exists as long as `self`.
        unsafe { koxide_abi::kx_synchronize_srcu(self.inner.as_ptr()) };
    }

    /// As [`synchronize`](Self::synchronize), in less time and at a higher cost for the machine.
    pub fn synchronize_expedited(&self) {
        // SAFETY: the domain exists as long as `self`.
        unsafe { koxide_abi::kx_synchronize_srcu_expedited(self.inner.as_ptr()) };
    }
}

impl Drop for Srcu {
    /// A section cannot be under way, since its guard borrows the domain; that of a guard which was forgotten is, and then
    /// this waits for ever.
    fn drop(&mut self) {
        self.synchronize();
        // SAFETY: it came from `kx_srcu_alloc`; no section is under way, and nobody else has the domain.
        unsafe { koxide_abi::kx_srcu_free(self.inner.as_ptr()) };
    }
}

/// A critical section of a reader, which ends with the guard.
///
/// ```compile_fail,E0277
/// use kernel::sync::srcu::Guard;
///
/// fn to_another_thread(value: impl Send) {}
///
/// fn send(guard: Guard<'static>) {
///     to_another_thread(guard);
/// }
/// ```
///
/// # Invariants
///
/// The index is that of a section that this thread began.
#[must_use = "the critical section ends when the guard goes"]
pub struct Guard<'a> {
    srcu: &'a Srcu,
    index: c_int,
    _not_send: NotThreadSafe,
}

impl Guard<'_> {
    /// Ends the critical section.
    pub fn unlock(self) {}
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        // SAFETY: the index is that of a section of this domain and this thread, which ends here.
        unsafe { koxide_abi::kx_srcu_read_unlock(self.srcu.inner.as_ptr(), self.index) };
    }
}

/// An initialiser of an [`Srcu`], with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_srcu {
    ($($name:literal)? $(,)?) => {
        $crate::sync::Srcu::new($crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
