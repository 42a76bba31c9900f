// SPDX-License-Identifier: GPL-2.0-only

//! The module itself: include/linux/module.h.
//!
//! # Panics
//!
//! What becomes of a panic is the module's choice, the key `on_panic` of [`module!`](crate::module!):
//!
//! | `on_panic:` | |
//! |---|---|
//! | `contain` | It is an error of the call that the kernel made. What that was for, a device or the module, is poisoned: it is refused until the module is loaded again. This is what is done without the key. |
//! | `restart` | The same, and a moment later the module is set up again: its value is dropped, what is pending is called off, and its `init` is called once more. Files that were open before are refused for ever, and those that are opened then work. Statics keep their values. At most five times a minute. |
//! | `bug` | It is `BUG()`, at its place: nothing is dropped. The module has none of the code that panics need otherwise. |
//!
//! On 32-bit ARM, where nothing is contained, a panic is `BUG()` with each of them. In tests [outside the kernel](crate::fake) it fails
//! the test with each of them.
//!
//! ```
//! use kernel::prelude::*;
//!
//! module! {
//!     type: Restarted,
//!     name: "restarted",
//!     license: "GPL",
//!     on_panic: restart,
//! }
//!
//! /// All that is registered is in here.
//! struct Restarted;
//!
//! impl kernel::Module for Restarted {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         Ok(Self)
//!     }
//! }
//! # fn main() {}
//! ```

#![allow(unsafe_code, reason = "the module's value lives in a static")]

mod on_panic;
pub(crate) mod pending;
mod place;
#[cfg(all(target_os = "none", panic = "unwind"))]
pub(crate) mod restart;
#[cfg(not(all(target_os = "none", panic = "unwind")))]
#[path = "module/restart/never.rs"]
pub(crate) mod restart;

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_int};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::entry::{Always, Module as Scope, callback, enter};
use crate::error::{Error, Result};
use crate::kunit::{self, Selection};
use crate::pin_init::{PinInit, pin_init_from_closure};

#[doc(hidden)]
pub use on_panic::OnPanic;
#[doc(hidden)]
pub use place::Place;

/// A driver: the value that exists while its module is loaded, or until it is set up again. Dropping it is taking leave.
///
/// # Examples
///
/// See the [crate's](crate) page.
pub trait Module: Sized + Sync + Send {
    /// Called when the module is loaded, and again when it is set up again after a panic.
    ///
    /// # Errors
    ///
    /// The errno with which loading fails.
    ///
    /// # Context
    ///
    /// Process context; may sleep. The second time in a work, on a thread of the kernel's that has no user memory.
    fn init(module: &'static ThisModule) -> Result<Self>;
}

/// A driver whose value must not move, since it contains what is registered or locked.
pub trait InPlaceModule: Sync + Send {
    /// Called when the module is loaded, and again when it is set up again after a panic, for an initialiser of the value.
    ///
    /// # Errors
    ///
    /// The initialiser's error is the errno with which loading fails.
    ///
    /// # Context
    ///
    /// Process context; may sleep. The second time in a work, on a thread of the kernel's that has no user memory.
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error>;
}

impl<T: Module> InPlaceModule for T {
    fn init(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let initialise = move |slot: *mut Self| {
            let value = <Self as Module>::init(module)?;
            // SAFETY: the slot is valid for writes, as the closure's caller promises.
            unsafe { slot.write(value) };
            Ok(())
        };
        // SAFETY: on success the slot was written, on failure it was not.
        unsafe { pin_init_from_closure(initialise) }
    }
}

/// What `module!` says about a driver.
pub trait ModuleMetadata {
    /// The module's name.
    const NAME: &'static CStr;
    /// The module.
    const THIS_MODULE: &'static ThisModule = &ThisModule { name: Self::NAME };
}

/// The module that this code is part of.
pub struct ThisModule {
    name: &'static CStr,
}

impl ThisModule {
    /// The module's name.
    pub const fn name(&self) -> &'static CStr {
        self.name
    }
}

/// How many registrations exist through which the kernel may call this module, beside those within the module's own value.
static REGISTRATIONS: AtomicU32 = AtomicU32::new(0);

/// Whether the module's init had a registration undone: somebody may have used it meanwhile. Where nothing can fail behind a
/// registration the compiler knows that this stays false, and the module has no code that waits.
static UNDONE: AtomicBool = AtomicBool::new(false);

/// Counts a registration.
///
/// One that was leaked (`mem::forget`) is never undone, and the kernel would call code that is gone. That can be found out
/// only when the module goes: whoever unloads it ends with `BUG()`, and the module stays in memory.
#[inline]
pub(crate) fn registered() {
    REGISTRATIONS.fetch_add(1, Ordering::Relaxed);
}

/// Counts a registration that was undone.
#[inline]
pub(crate) fn unregistered() {
    REGISTRATIONS.fetch_sub(1, Ordering::Relaxed);
    undone();
}

/// As [`registered`], for one that is pinned: within the module's own value it cannot be leaked, and is not counted.
#[inline]
pub(crate) fn registered_at<T>(pinned: *const T) {
    if !place::is_modules(pinned) {
        registered();
    }
}

/// As [`unregistered`], for one that was counted by [`registered_at`].
#[inline]
pub(crate) fn unregistered_at<T>(pinned: *const T) {
    if place::is_modules(pinned) {
        undone();
    } else {
        unregistered();
    }
}

/// Remembers that a registration was undone, if this is the module's init.
#[inline]
pub(crate) fn undone() {
    if loading() {
        UNDONE.store(true, Ordering::Relaxed);
    }
}

/// Whether the module's init has not returned yet.
///
/// To the compiler this is a number that never changes. So [`Slot::exit`] can tell it what it is there. Who is told `true`
/// after all remembers something that nobody asks for any more.
#[inline]
fn loading() -> bool {
    #[cfg(target_os = "none")]
    {
        let loading: c_int;
        // SAFETY: the function is one of C's convention without arguments, which changes nothing. What it reads changes once,
        // from loading to another state, so that an answer that is kept is at worst a `true` that is too old.
        unsafe {
            core::arch::asm!(
                #[cfg(target_arch = "x86_64")]
                "call {loading}",
                #[cfg(not(target_arch = "x86_64"))]
                "bl {loading}",
                loading = sym koxide_abi::kx_module_loading,
                #[cfg(target_arch = "x86_64")]
                lateout("eax") loading,
                #[cfg(target_arch = "aarch64")]
                lateout("w0") loading,
                #[cfg(target_arch = "arm")]
                lateout("r0") loading,
                #[cfg(not(target_arch = "arm"))]
                clobber_abi("C"),
                // Without floating point the compiler knows no names of its registers, which are among those of the convention.
                #[cfg(target_arch = "arm")]
                out("r1") _,
                #[cfg(target_arch = "arm")]
                out("r2") _,
                #[cfg(target_arch = "arm")]
                out("r3") _,
                #[cfg(target_arch = "arm")]
                out("r12") _,
                #[cfg(target_arch = "arm")]
                out("lr") _,
                options(pure, nomem),
            );
        }
        loading != 0
    }
    #[cfg(not(target_os = "none"))]
    // SAFETY: there is no contract.
    return unsafe { koxide_abi::kx_module_loading() } != 0;
}

/// Whether a shim retired memory: it is freed when the module goes.
static RETIRED: AtomicBool = AtomicBool::new(false);

/// Remembers that a shim retired memory.
pub(crate) fn retired() {
    RETIRED.store(true, Ordering::Relaxed);
}

/// The last thing that the module's exit does, or its init that failed.
fn leave() {
    check_registrations();
    if RETIRED.load(Ordering::Relaxed) {
        // SAFETY: this is the end of the module's exit or of its init that failed.
        unsafe { koxide_abi::kx_module_free_retired() };
    }
}

/// Ends this thread if the kernel could still call this module, which is about to go.
fn check_registrations() {
    while REGISTRATIONS.load(Ordering::Relaxed) != 0 {
        // SAFETY: that this thread is lost, and the module stays, is the intent.
        unsafe { koxide_abi::kx_module_leaked() };
    }
}

/// The state of this library before a module is loaded: on the host one process loads modules one after the other.
#[cfg(not(target_os = "none"))]
pub(crate) fn reset() {
    REGISTRATIONS.store(0, Ordering::Relaxed);
    UNDONE.store(false, Ordering::Relaxed);
    RETIRED.store(false, Ordering::Relaxed);
    pending::reset();
}

/// The room of a module's value; `module!` makes it.
#[doc(hidden)]
pub struct Slot<M>(UnsafeCell<MaybeUninit<M>>);

// SAFETY: the value is reached only by `init`, by `restart` after it, and by `exit`, which waits for that: one after the other; that
// may be on several threads, which `Send` allows.
unsafe impl<M: Send> Sync for Slot<M> {}

impl<M: InPlaceModule + ModuleMetadata + 'static> Slot<M> {
    /// Room without a value.
    #[allow(clippy::new_without_default, reason = "only a static is made of it")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Where the value is.
    pub const fn place(&'static self) -> Place {
        Place::new(self)
    }

    /// Initialises the module, after its tests if it was built with them: 0 or a negative errno.
    ///
    /// # Safety
    ///
    /// Called once.
    #[inline(always)]
    pub unsafe fn init(&'static self, tests: Option<Selection>) -> c_int {
        // Nothing was called before it.
        let errno = enter(callback::INIT, Always(Scope), || {
            if let Some(tests) = tests {
                kunit::run(M::NAME, tests);
            }
            // SAFETY: this is called once, and nobody else uses the room.
            unsafe { self.make() }
        });
        // Also when it panicked.
        if errno != 0 {
            // What is pending may own files, without which the module is never unused.
            pending::finish();
            // Somebody may have opened a device that was registered for a moment: the kernel frees a module whose init
            // failed, whoever uses it.
            if UNDONE.load(Ordering::Relaxed) {
                // SAFETY: this is the module's init.
                unsafe { koxide_abi::kx_module_wait_unused() };
            }
            // Until then the files' operations could leave more behind.
            pending::finish();
            leave();
        } else {
            restart::start(self);
        }
        errno
    }

    /// Makes the value: 0 or a negative errno.
    ///
    /// # Safety
    ///
    /// There is none, and nobody else uses the room.
    #[inline(always)]
    unsafe fn make(&'static self) -> c_int {
        // SAFETY: the room is a static's, which never moves, and nobody else uses it.
        match unsafe { M::init(M::THIS_MODULE).__pinned_init(self.0.get().cast()) } {
            Ok(()) => 0,
            Err(error) => error.to_errno(),
        }
    }

    /// Drops the module's value.
    ///
    /// # Safety
    ///
    /// Called once, after [`init`](Self::init) returned 0.
    pub unsafe fn exit(&'static self) {
        if restart::stop() {
            enter(callback::EXIT, Always(Scope), || {
                // SAFETY: the kernel calls this after `init` has returned.
                unsafe { core::hint::assert_unchecked(!loading()) };
                // SAFETY: there is a value, and nobody uses it any more.
                unsafe { self.unmake() };
            });
        }
        // Also when that panicked. What is called later may own registrations, so that these are counted after it.
        pending::finish();
        leave();
    }

    /// Drops the value.
    ///
    /// # Safety
    ///
    /// There is one, and nobody uses it any more.
    #[inline(always)]
    unsafe fn unmake(&'static self) {
        let value: *mut M = self.0.get().cast();
        // SAFETY: as the caller promises.
        unsafe { value.drop_in_place() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a registration was leaked: the module cannot be unloaded")]
    fn a_module_stays_when_a_registration_was_leaked() {
        registered();
        registered();
        unregistered();
        check_registrations();
    }
}
