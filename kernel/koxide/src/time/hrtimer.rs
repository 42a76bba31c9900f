// SPDX-License-Identifier: GPL-2.0-only

//! Timers of high resolution: kernel/time/hrtimer.c.
//!
//! A [`HrTimer`] is a field of what its function is about, and `impl_has_hr_timer!` says which. Starting an `Arc` or a
//! `Pin<KBox>` of that gives a handle, and as long as the handle exists the timer may call
//! [`HrTimerCallback::run`]; dropping the handle stops the timer, and waits until the function has returned. The
//! function runs in a **hard interrupt** (but for the `Soft` modes, in a softirq): it must not sleep, nor take a lock
//! that somebody holds with interrupts on.
//!
//! When the module goes, timers of which the handle was forgotten are stopped too, and none is started any more.
//!
//! # Examples
//!
//! A timer that counts every millisecond:
//!
//! ```no_run
//! # // kunit: run
//! use core::sync::atomic::{AtomicU32, Ordering};
//! use kernel::{
//!     prelude::*,
//!     sync::{Arc, ArcBorrow},
//!     time::{
//!         Delta, Monotonic,
//!         delay::fsleep,
//!         hrtimer::{
//!             HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerHandle, HrTimerPointer, HrTimerRestart,
//!             RelativeMode, impl_has_hr_timer,
//!         },
//!     },
//! };
//!
//! #[pin_data]
//! struct Counter {
//!     ticks: AtomicU32,
//!     #[pin]
//!     timer: HrTimer<Self>,
//! }
//!
//! impl_has_hr_timer! {
//!     impl HasHrTimer<Self> for Counter {
//!         mode: RelativeMode<Monotonic>, field: self.timer
//!     }
//! }
//!
//! impl HrTimerCallback for Counter {
//!     type Pointer<'a> = Arc<Self>;
//!
//!     fn run(this: ArcBorrow<'_, Self>, mut context: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
//!         this.ticks.fetch_add(1, Ordering::Relaxed);
//!         context.forward_now(Delta::from_millis(1));
//!         HrTimerRestart::Restart
//!     }
//! }
//!
//! let counter = pin_init!(Counter { ticks: AtomicU32::new(0), timer <- HrTimer::new() });
//! let counter = Arc::pin_init(counter, GFP_KERNEL)?;
//! let mut handle = counter.clone().start(Delta::from_millis(1));
//! fsleep(Delta::from_millis(100));
//! handle.cancel();
//! # Ok::<(), Error>(())
//! ```

#![allow(unsafe_code, reason = "the C edge of timers")]

mod handle;
mod mode;
mod scoped;

use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::offset_of;
use core::ptr::NonNull;

use macros::pin_data;

use super::{Delta, Instant};
use crate::module::pending::{Ended, Entry, Kind, Owed, Scope};
use crate::pin_init::{PinInit, pin_init};
use crate::types::Opaque;

pub use crate::impl_has_hr_timer;
pub use handle::{ArcHrTimerHandle, BoxHrTimerHandle};
pub use mode::{
    AbsoluteHardMode, AbsoluteMode, AbsolutePinnedHardMode, AbsolutePinnedMode,
    AbsolutePinnedSoftMode, AbsoluteSoftMode, HrTimerExpires, HrTimerMode, RelativeHardMode,
    RelativeMode, RelativePinnedHardMode, RelativePinnedMode, RelativePinnedSoftMode,
    RelativeSoftMode,
};
pub use scoped::{
    PinHrTimerHandle, PinMutHrTimerHandle, ScopedHrTimerPointer, UnsafeHrTimerPointer,
};

/// A time of the clock that the timer of a type has.
pub type HrTimerInstant<T> = Instant<<<T as HasHrTimer<T>>::TimerMode as HrTimerMode>::Clock>;

/// A timer: the field of a `T` by which it is started.
#[pin_data]
#[repr(C)]
pub struct HrTimer<T> {
    // The kernel calls with the address of this, which is that of the whole.
    #[pin]
    timer: Opaque<koxide_abi::HrTimer>,
    // Found by the module's exit, which stops it.
    #[pin]
    entry: Entry,
    // What the pointer is depends on the very type, not on one that it can be taken for.
    _owner: PhantomData<*mut T>,
}

// SAFETY: any thread may start and stop a timer; what its function shares with them is in the bounds of `HrTimerPointer`.
unsafe impl<T> Send for HrTimer<T> {}
// SAFETY: a shared timer can be started and stopped, which the kernel's own lock of it allows any thread.
unsafe impl<T> Sync for HrTimer<T> {}

impl<T> HrTimer<T> {
    const KIND: &'static Kind = &Kind {
        end: Self::end,
        settle: Self::settle,
    };

    /// A timer that is not started.
    pub fn new() -> impl PinInit<Self>
    where
        T: HrTimerCallback + HasHrTimer<T>,
    {
        pin_init!(Self {
            timer <- Opaque::ffi_init(|room: *mut koxide_abi::HrTimer| {
                let clock = <<T::TimerMode as HrTimerMode>::Clock as super::ClockSource>::ID;
                // SAFETY: the room is valid for writes and pinned, and clock and mode exist. Only `T::Pointer` starts the
                // timer, and keeps the value until it was stopped.
                unsafe {
                    koxide_abi::kx_hrtimer_init(room.cast(), T::Pointer::run, clock, T::TimerMode::C_MODE);
                }
            }),
            // SAFETY: the timer was just initialised, and nothing else is needed.
            entry <- unsafe { Entry::listed(Self::KIND) },
            _owner: PhantomData,
        })
    }

    /// The time that the timer was set to last.
    pub fn expires(&self) -> HrTimerInstant<T>
    where
        T: HasHrTimer<T>,
    {
        // SAFETY: `new` made it.
        Instant::from_nanos(unsafe { koxide_abi::kx_hrtimer_expires(self.raw()) })
    }

    /// Starts the timer, unless the module is going.
    ///
    /// # Safety
    ///
    /// The value around it stays, and is shared with the callback, until the timer was cancelled.
    unsafe fn start(&self, expires: <T::TimerMode as HrTimerMode>::Expires)
    where
        T: HasHrTimer<T>,
    {
        // Until this is dropped the module's exit waits, and looks for timers to stop again then.
        let Some(_owed) = Owed::new() else { return };
        // SAFETY: `new` made it with this mode, and it stays as the caller promises.
        unsafe {
            koxide_abi::kx_hrtimer_start(self.raw(), expires.as_nanos(), T::TimerMode::C_MODE);
        };
    }

    /// Stops the timer, and waits until its function is not called; whether it was started.
    fn cancel(&self) -> bool {
        // SAFETY: `new` made it.
        unsafe { koxide_abi::kx_hrtimer_cancel(self.raw()) != 0 }
    }

    fn raw(&self) -> *mut c_void {
        self.timer.get().cast()
    }

    /// Stops the timer because the module goes.
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
        match unsafe { koxide_abi::kx_hrtimer_try_to_cancel(timer.cast_mut().cast()) } {
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
pub trait HrTimerCallback {
    /// What is started: `Arc<Self>`, `Pin<KBox<Self>>`, `Pin<&Self>` or `Pin<&mut Self>`.
    type Pointer<'a>: RawHrTimerCallback;

    /// The timer's time has come.
    ///
    /// With [`HrTimerRestart::Restart`] it comes again, at the time that `context` was asked to set; if it was not
    /// asked, at once, which leaves the CPU time for nothing else.
    ///
    /// # Context
    ///
    /// A hard interrupt; in the `Soft` modes a softirq. It must not sleep, and not drop a handle of its own timer, which
    /// would wait for ever.
    fn run(
        this: <Self::Pointer<'_> as RawHrTimerCallback>::CallbackTarget<'_>,
        context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart
    where
        Self: Sized + HasHrTimer<Self>;
}

/// Pointers that can be started, and what the callback gets of them.
///
/// # Safety
///
/// `run` calls only what it says.
pub unsafe trait RawHrTimerCallback {
    /// What [`HrTimerCallback::run`] gets.
    type CallbackTarget<'a>;

    /// The function that the kernel calls.
    ///
    /// # Safety
    ///
    /// The kernel calls it, for a timer that this type has started.
    #[doc(hidden)]
    unsafe extern "C" fn run(timer: *mut c_void) -> core::ffi::c_int;
}

/// Pointers that can be started.
///
/// The callback shares the value with the other threads, and so it is made for that:
///
/// ```compile_fail,E0277
/// use core::cell::Cell;
/// use kernel::{
///     prelude::*,
///     sync::{Arc, ArcBorrow},
///     time::{Delta, Monotonic, hrtimer::*},
/// };
///
/// #[pin_data]
/// struct Counter {
///     count: Cell<u32>,
///     #[pin]
///     timer: HrTimer<Counter>,
/// }
///
/// impl_has_hr_timer! {
///     impl HasHrTimer<Self> for Counter { mode: RelativeMode<Monotonic>, field: self.timer }
/// }
///
/// impl HrTimerCallback for Counter {
///     type Pointer<'a> = Arc<Counter>;
///
///     fn run(this: ArcBorrow<'_, Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
///         this.count.set(1);
///         HrTimerRestart::NoRestart
///     }
/// }
///
/// fn start(counter: Arc<Counter>) -> impl HrTimerHandle {
///     HrTimerPointer::start(counter, Delta::ZERO)
/// }
/// ```
pub trait HrTimerPointer: Sync + Sized {
    /// How the timer tells times.
    type TimerMode: HrTimerMode;
    /// What stops the timer when it is dropped.
    type TimerHandle: HrTimerHandle;

    /// Starts the timer; one that is started already gets another time.
    ///
    /// Any context. When the module is going nothing is started, and the handle has nothing to stop.
    fn start(self, expires: <Self::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle;
}

/// The right to stop a timer, which is stopped when this is dropped.
///
/// # Safety
///
/// After `cancel` the timer's function is not called before it is started again; dropping the handle does the same.
pub unsafe trait HrTimerHandle {
    /// Stops the timer, and waits until its function is not called; whether it was started.
    ///
    /// # Context
    ///
    /// Any context but the timer's own function, in which it waits for ever.
    fn cancel(&mut self) -> bool;
}

/// Types with a [`HrTimer`] as a field; [`impl_has_hr_timer!`](crate::impl_has_hr_timer) implements it.
///
/// # Safety
///
/// The functions give the address of one and the same field, and that of the value which it is a field of.
pub unsafe trait HasHrTimer<T> {
    /// How the timer tells times.
    type TimerMode: HrTimerMode;

    /// The field's address.
    ///
    /// # Safety
    ///
    /// `this` points at a value.
    unsafe fn raw_get_timer(this: *const Self) -> *const HrTimer<T>;

    /// The address of the value that `timer` is the field of.
    ///
    /// # Safety
    ///
    /// `timer` came from [`raw_get_timer`](Self::raw_get_timer).
    unsafe fn timer_container_of(timer: *mut HrTimer<T>) -> *mut Self
    where
        Self: Sized;
}

/// What a timer does after its function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HrTimerRestart {
    /// It stops.
    NoRestart,
    /// It goes on.
    Restart,
}

/// A timer as its function sees it.
pub struct HrTimerCallbackContext<'a, T: HasHrTimer<T>>(NonNull<c_void>, PhantomData<&'a T>);

impl<T: HasHrTimer<T>> HrTimerCallbackContext<'_, T> {
    /// Sets the time to the first after `now` that is a multiple of `interval` after the last; says how many times there
    /// were in between and now, 1 if none was missed. An interval below the clock's resolution is that.
    pub fn forward(&mut self, now: HrTimerInstant<T>, interval: Delta) -> u64 {
        // SAFETY: the timer's function is being called, as there is such a context only then.
        unsafe {
            koxide_abi::kx_hrtimer_forward(self.0.as_ptr(), now.as_nanos(), interval.as_nanos())
        }
    }

    /// [`forward`](Self::forward) from the present time.
    pub fn forward_now(&mut self, interval: Delta) -> u64 {
        self.forward(HrTimerInstant::<T>::now(), interval)
    }
}

/// Says which field of a type is its [`HrTimer`], and how that tells times.
#[macro_export]
macro_rules! impl_has_hr_timer {
    (
        impl $({$($generics:tt)*})? HasHrTimer<$timer_type:ty> for $self:ty {
            mode: $mode:ty, field: self.$field:ident $(,)?
        }
        $($rest:tt)*
    ) => {
        $($crate::__only_generics! { $($generics)* })?

        // SAFETY: both functions are about the field, which has the right type and is no field of what `Self` points at.
        unsafe impl $(<$($generics)*>)? $crate::time::hrtimer::HasHrTimer<$timer_type> for $self {
            type TimerMode = $mode;

            #[inline]
            unsafe fn raw_get_timer(
                this: *const Self,
            ) -> *const $crate::time::hrtimer::HrTimer<$timer_type> {
                let _is_a_timer = |this: &Self| -> *const $crate::time::hrtimer::HrTimer<$timer_type> {
                    // `@ _`, so that a constant of this name is no pattern.
                    #[allow(clippy::redundant_pattern)]
                    let Self { $field: field @ _, .. } = this;
                    &raw const *field
                };
                this.wrapping_byte_add($crate::__core::mem::offset_of!(Self, $field)).cast()
            }

            #[inline]
            unsafe fn timer_container_of(
                timer: *mut $crate::time::hrtimer::HrTimer<$timer_type>,
            ) -> *mut Self {
                timer.wrapping_byte_sub($crate::__core::mem::offset_of!(Self, $field)).cast()
            }
        }

        $crate::impl_has_hr_timer! { $($rest)* }
    };
    () => {};
}
