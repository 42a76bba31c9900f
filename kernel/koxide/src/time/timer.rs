// SPDX-License-Identifier: GPL-2.0-only

//! Timers that count ticks: kernel/time/timer.c.
//!
//! They cost less than [`hrtimer`](super::hrtimer)s and are less precise: for time-outs that mostly do not happen. Upstream
//! has no such thing in Rust; this has the shape of its `hrtimer`. A [`Timer`] is a field of what its function is about,
//! and `impl_has_timer!` says which. Arming an `Arc` of that gives a handle; dropping the handle disarms the timer, and
//! waits until the function has returned. The function runs in a **softirq**: it must not sleep.
//!
//! When the module goes, timers of which the handle was forgotten are disarmed too, and none is armed any more.
//!
//! # Examples
//!
//! ```no_run
//! # // kunit: run
//! use kernel::{
//!     prelude::*,
//!     sync::{Arc, ArcBorrow},
//!     time::{Jiffies, msecs_to_jiffies, timer::{Timer, TimerCallback, TimerPointer, impl_has_timer}},
//! };
//!
//! #[pin_data]
//! struct Watchdog {
//!     #[pin]
//!     timer: Timer<Self>,
//! }
//!
//! impl_has_timer! {
//!     impl HasTimer<Self> for Watchdog { self.timer }
//! }
//!
//! impl TimerCallback for Watchdog {
//!     fn run(_this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
//!         pr_warn!("nobody was here for a second\n");
//!         None
//!     }
//! }
//!
//! # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
//! # fn main() -> Result {
//! let watchdog: Arc<Watchdog> = Arc::pin_init(pin_init!(Watchdog { timer <- Timer::new() }), GFP_KERNEL)?;
//! let handle = watchdog.arm(msecs_to_jiffies(1000));
//! // Somebody was here:
//! handle.rearm(msecs_to_jiffies(1000));
//! # Ok(())
//! # }
//! ```

#![allow(unsafe_code, reason = "the C edge of timers")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::offset_of;

use macros::pin_data;

use super::Jiffies;
use crate::entry::{Module, callback, enter};
use crate::module::pending::{Ended, Entry, Kind, Owed, Scope};
use crate::pin_init::{PinInit, pin_init};
use crate::sync::{Arc, ArcBorrow};
use crate::types::Opaque;

pub use crate::impl_has_timer;

/// A timer: the field of a `T` by which it is armed.
#[pin_data]
#[repr(C)]
pub struct Timer<T> {
    // The kernel calls with the address of this, which is that of the whole.
    #[pin]
    timer: Opaque<koxide_abi::Timer>,
    // Found by the module's exit, which disarms it.
    #[pin]
    entry: Entry,
    // What the pointer is depends on the very type, not on one that it can be taken for.
    _owner: PhantomData<*mut T>,
}

// SAFETY: any thread may arm and disarm a timer; what its function shares with them is in the bounds of `TimerPointer`.
unsafe impl<T> Send for Timer<T> {}
// SAFETY: a shared timer can be armed and disarmed, which the kernel's own lock of it allows any thread.
unsafe impl<T> Sync for Timer<T> {}

impl<T> Timer<T> {
    const KIND: &'static Kind = &Kind {
        end: Self::end,
        settle: Self::settle,
    };

    /// A timer that is not armed.
    pub fn new() -> impl PinInit<Self>
    where
        T: TimerCallback + HasTimer,
    {
        pin_init!(Self {
            timer <- Opaque::ffi_init(|room: *mut koxide_abi::Timer| {
                // SAFETY: the room is valid for writes and pinned. Only an `Arc<T>` arms the timer, and its handle keeps
                // the value until the timer was disarmed.
                unsafe { koxide_abi::kx_timer_init(room.cast(), run::<T>) }
            }),
            // SAFETY: the timer was just initialised, and nothing else is needed.
            entry <- unsafe { Entry::listed(Self::KIND) },
            _owner: PhantomData,
        })
    }

    /// Whether the timer is armed. Any context.
    pub fn is_pending(&self) -> bool {
        // SAFETY: `new` made it.
        unsafe { koxide_abi::kx_timer_pending(self.raw()) != 0 }
    }

    /// Arms the timer, unless the module is going; whether it was armed before.
    ///
    /// # Safety
    ///
    /// The value around it stays, and is shared with the callback, until the timer was disarmed.
    unsafe fn arm(&self, delay: Jiffies) -> bool {
        // Until this is dropped the module's exit waits, and looks for timers to disarm again then.
        let Some(_owed) = Owed::new() else {
            return false;
        };
        // SAFETY: `new` made it, and it stays as the caller promises.
        unsafe { koxide_abi::kx_timer_arm(self.raw(), delay) != 0 }
    }

    fn raw(&self) -> *mut c_void {
        self.timer.get().cast()
    }

    /// Disarms the timer because the module goes.
    ///
    /// # Safety
    ///
    /// As for [`Kind::end`].
    unsafe fn end(entry: *const Entry, scope: Scope) -> Ended {
        let Scope::Module = scope else {
            return Ended::Idle;
        };
        let timer = entry.wrapping_byte_sub(offset_of!(Self, entry));
        // SAFETY: the entry is in the list, so that the timer was made and stays.
        match unsafe { koxide_abi::kx_timer_try_to_delete(timer.cast_mut().cast()) } {
            ..0 => Ended::Busy,
            _ => Ended::Idle,
        }
    }

    /// Nothing is left to do.
    ///
    /// # Safety
    ///
    /// As for [`Kind::settle`].
    unsafe fn settle(_: *const Entry) {}
}

/// A type with a timer, and what happens when its time has come.
pub trait TimerCallback: Sized {
    /// The timer's time has come. With a number of ticks it comes again after those.
    ///
    /// # Context
    ///
    /// A softirq. It must not sleep, and not drop a handle of its own timer, which would wait for ever.
    fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies>;
}

/// The function of all timers of a type.
///
/// # Safety
///
/// The kernel calls it, for the timer of a `T` that an `Arc<T>` has armed.
unsafe extern "C" fn run<T: TimerCallback + HasTimer>(timer: *mut c_void) {
    enter(callback::TIMER, Module, || {
        // SAFETY: the kernel has the address from `raw_get_timer`.
        let value = unsafe { T::timer_container_of(timer.cast()) };
        // SAFETY: only `Arc`s arm this timer, so that this is the address of an `Arc`'s value; the handle is an owner and
        // waits for this function before it goes, so that there is no `UniqueArc` either.
        let this = unsafe { ArcBorrow::from_raw(value) };
        if let Some(delay) = T::run(this) {
            // SAFETY: the handle waits for this function, and then disarms the timer.
            unsafe { timer_of(&*this).arm(delay) };
        }
    });
}

/// The timer of a value.
fn timer_of<T: HasTimer>(value: &T) -> &Timer<T> {
    // SAFETY: it is a value.
    let timer = unsafe { T::raw_get_timer(value) };
    // SAFETY: it is a field of the value, as `HasTimer` promises.
    unsafe { &*timer }
}

/// Pointers that can be armed.
pub trait TimerPointer: Sized {
    /// What disarms the timer when it is dropped.
    type TimerHandle;

    /// Arms the timer for so many ticks from now on; one that is armed already gets another time.
    ///
    /// Any context. When the module is going nothing is armed, and the handle has nothing to disarm.
    fn arm(self, delay: Jiffies) -> Self::TimerHandle;
}

impl<T: TimerCallback + HasTimer + Send + Sync> TimerPointer for Arc<T> {
    type TimerHandle = TimerHandle<T>;

    fn arm(self, delay: Jiffies) -> TimerHandle<T> {
        // SAFETY: the handle is an owner, until it has disarmed the timer; other threads share `T`.
        unsafe { timer_of(&*self).arm(delay) };
        TimerHandle(self)
    }
}

/// The right to disarm a timer, which is disarmed when this is dropped.
///
/// # Context
///
/// It is dropped anywhere but in hard interrupts and in the timer's own function.
#[must_use = "the timer is disarmed when the handle goes"]
pub struct TimerHandle<T: HasTimer>(Arc<T>);

impl<T: TimerCallback + HasTimer + Send + Sync> TimerHandle<T> {
    /// Gives the timer another time, so many ticks from now on, and arms it if it was not; whether it was. Any context.
    pub fn rearm(&self, delay: Jiffies) -> bool {
        // SAFETY: the handle is an owner, until it has disarmed the timer; other threads share `T`.
        unsafe { timer_of(&*self.0).arm(delay) }
    }
}

impl<T: HasTimer> TimerHandle<T> {
    /// Disarms the timer, and waits until its function is not called; whether it was armed.
    ///
    /// # Context
    ///
    /// Not in hard interrupts, and not in the timer's own function, in which it waits for ever.
    pub fn cancel(&self) -> bool {
        // SAFETY: `new` made it.
        unsafe { koxide_abi::kx_timer_delete_sync(timer_of(&*self.0).raw()) != 0 }
    }

    /// Disarms the timer for ever, also for other handles, and waits until its function is not called; whether it was
    /// armed.
    ///
    /// # Context
    ///
    /// As for [`cancel`](Self::cancel).
    pub fn shutdown(self) -> bool {
        // SAFETY: `new` made it.
        unsafe { koxide_abi::kx_timer_shutdown_sync(timer_of(&*self.0).raw()) != 0 }
    }
}

impl<T: HasTimer> Drop for TimerHandle<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// Types with a [`Timer`] as a field; [`impl_has_timer!`](crate::impl_has_timer) implements it.
///
/// # Safety
///
/// The functions give the address of one and the same field, and that of the value which it is a field of.
pub unsafe trait HasTimer: Sized + 'static {
    /// The field's address.
    ///
    /// # Safety
    ///
    /// `this` points at a value.
    unsafe fn raw_get_timer(this: *const Self) -> *const Timer<Self>;

    /// The address of the value that `timer` is the field of.
    ///
    /// # Safety
    ///
    /// `timer` came from [`raw_get_timer`](Self::raw_get_timer).
    unsafe fn timer_container_of(timer: *mut Timer<Self>) -> *mut Self;
}

/// Says which field of a type is its [`Timer`].
#[macro_export]
macro_rules! impl_has_timer {
    ($(
        impl $({$($generics:tt)*})? HasTimer<Self> for $self:ty { self.$field:ident }
    )*) => {$(
        $($crate::__only_generics! { $($generics)* })?

        // SAFETY: both functions are about the field, which has the right type and is no field of what `Self` points at.
        unsafe impl $(<$($generics)*>)? $crate::time::timer::HasTimer for $self {
            #[inline]
            unsafe fn raw_get_timer(this: *const Self) -> *const $crate::time::timer::Timer<Self> {
                let _is_a_timer = |this: &Self| -> *const $crate::time::timer::Timer<Self> {
                    // `@ _`, so that a constant of this name is no pattern.
                    #[allow(clippy::redundant_pattern)]
                    let Self { $field: field @ _, .. } = this;
                    &raw const *field
                };
                this.wrapping_byte_add($crate::__core::mem::offset_of!(Self, $field)).cast()
            }

            #[inline]
            unsafe fn timer_container_of(timer: *mut $crate::time::timer::Timer<Self>) -> *mut Self {
                timer.wrapping_byte_sub($crate::__core::mem::offset_of!(Self, $field)).cast()
            }
        }
    )*};
}
