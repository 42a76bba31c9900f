// SPDX-License-Identifier: GPL-2.0-only

//! Setting the module up again after a panic: `on_panic: restart`.
//!
//! Whoever contains a panic [asks](ask) for it. A work of the kernel's then drops the module's value, as its exit does, takes the
//! poison away, and makes a new value in the same place, as its init does. That is never done in the call that panicked: dropping a
//! registration waits for the calls that are under way.
//!
//! What may happen at the same time:
//!
//! - *Files that are open* stay so. Dropping a registration needs none of them to be closed, and their own data is dropped with them.
//!   They are of the old instance for ever: those of the new one are remembered, and others are refused (`entry/poison.rs`).
//! - *Calls that were under way* when the poison came finish. Dropping a registration waits for them, or they need nothing of it:
//!   at any time a driver may drop one itself.
//! - *What is pending* is called off or waited for, as in exit.
//! - *What is registered still*, since an open file owns it, would call the old instance: then there is no new one.
//! - *Another panic* asks again. While the old value is dropped that changes nothing, for the poison is taken away after it. While the
//!   new one is made, or later, the work runs once more. A panic of the init itself is one that failed: the module stays poisoned and
//!   without a value. Two panics at once are one.
//! - *Exit* waits until the work is over, which cannot begin again from then on; it asks whether there is a value.
//! - *Init* itself: the work may run before the kernel knows that it has ended. So nothing here takes it for sure that it has.

#![allow(unsafe_code, reason = "the C edge of a work, and the module's value")]

use core::ffi::{CStr, c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{InPlaceModule, ModuleMetadata, OnPanic, REGISTRATIONS, Slot, pending};
use crate::entry::{
    Always, Module as Scope, callback, enter, is_anything_poisoned, poison_all, renew,
};
use crate::error::code::EBUSY;

/// There is no value: the module could not be set up again.
static IS_GONE: AtomicBool = AtomicBool::new(false);

/// How many [`Held`] there are.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Lets the module be set up again from now on, if it is to be.
#[inline(always)]
pub(super) fn start<M: InPlaceModule + ModuleMetadata + 'static>(slot: &'static Slot<M>) {
    if OnPanic::Restart.is_chosen() {
        let slot = core::ptr::from_ref(slot).cast_mut().cast();
        // SAFETY: `restart` may be called with the slot, which has a value, until exit has called `stop`.
        unsafe { koxide_abi::kx_restart_start(restart::<M>, slot) };
        // Somebody may have used what was registered already.
        if is_anything_poisoned() {
            ask();
        }
    }
}

/// The module is not set up again from now on; whether there is a value.
#[inline(always)]
pub(super) fn stop() -> bool {
    if !OnPanic::Restart.is_chosen() {
        return true;
    }
    // SAFETY: this is the module's exit.
    unsafe { koxide_abi::kx_restart_stop() };
    !IS_GONE.load(Ordering::Relaxed)
}

/// Something was poisoned: has the module set up again, if it is to be.
#[inline(always)]
pub(crate) fn ask() {
    if OnPanic::Restart.is_chosen() {
        // SAFETY: there is no contract.
        unsafe { koxide_abi::kx_restart_queue() };
    }
}

/// What the work does.
///
/// # Safety
///
/// `slot` is a `Slot<M>` that had a value when [`start`] was called; exit has not gone on from [`stop`].
unsafe extern "C" fn restart<M: InPlaceModule + ModuleMetadata + 'static>(slot: *mut c_void) {
    // SAFETY: it is one, and a static.
    let slot: &'static Slot<M> = unsafe { &*slot.cast() };
    if !is_anything_poisoned() || IS_GONE.load(Ordering::Relaxed) {
        return;
    }
    // What is put off does not count.
    if HELD.load(Ordering::SeqCst) != 0 {
        return put_off();
    }
    // SAFETY: this is what was given to `kx_restart_start`.
    let number = unsafe { koxide_abi::kx_restart_begin() };
    if number == 0 {
        return;
    }
    // The other devices, too. `Held::new` does the reverse: it counts, and then asks whether it may.
    poison_all();
    if HELD.load(Ordering::SeqCst) != 0 {
        return put_off();
    }
    // SAFETY: there is a value, and nobody else drops it: exit waits.
    enter(callback::EXIT, Always(Scope), || unsafe { slot.unmake() });
    IS_GONE.store(true, Ordering::Relaxed);
    pending::finish();
    if REGISTRATIONS.load(Ordering::Relaxed) != 0 {
        return failed(
            c"something is registered still, which an open file may own",
            EBUSY.to_errno(),
        );
    }
    pending::reopen();
    renew();
    // SAFETY: the value was dropped, and nobody else uses the room: exit waits.
    let errno = enter(callback::INIT, Always(Scope), || unsafe { slot.make() });
    if errno == 0 {
        IS_GONE.store(false, Ordering::Relaxed);
        // SAFETY: there is no contract.
        unsafe { koxide_abi::kx_restart_done(number) };
    } else {
        poison_all();
        pending::finish();
        failed(c"its init failed", errno);
    }
}

/// Folders are in the way; the last of them that goes [asks](ask) again. Until then there are no more of them.
#[cold]
fn put_off() {
    poison_all();
    failed(
        c"there are folders in its own in configfs, and it is as soon as they are gone",
        EBUSY.to_errno(),
    );
}

/// Writes to the log that there is no new instance.
fn failed(why: &CStr, errno: c_int) {
    // SAFETY: it is a C string.
    unsafe { koxide_abi::kx_restart_failed(why.as_ptr(), errno) };
}

/// Something that user space has of this instance, which cannot be taken from it: as long as there is one the module is not set up
/// again.
pub(crate) struct Held(());

impl Held {
    /// Counts one, unless the module is about to be set up again.
    #[inline(always)]
    pub(crate) fn new() -> Option<Self> {
        if OnPanic::Restart.is_chosen() {
            HELD.fetch_add(1, Ordering::SeqCst);
            let held = Self(());
            return (!crate::entry::is_module_poisoned()).then_some(held);
        }
        Some(Self(()))
    }

    /// Leaves it to the kernel.
    #[inline(always)]
    pub(crate) fn into_kernel(self) {
        core::mem::forget(self);
    }

    /// Takes it over.
    ///
    /// # Safety
    ///
    /// One was given up by [`into_kernel`](Self::into_kernel), and is taken over once.
    #[inline(always)]
    pub(crate) unsafe fn from_kernel() -> Self {
        Self(())
    }
}

impl Drop for Held {
    #[inline(always)]
    fn drop(&mut self) {
        // With the last one, what was put off can be done.
        if OnPanic::Restart.is_chosen()
            && HELD.fetch_sub(1, Ordering::SeqCst) == 1
            && is_anything_poisoned()
        {
            ask();
        }
    }
}
