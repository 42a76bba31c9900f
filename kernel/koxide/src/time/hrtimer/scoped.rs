// SPDX-License-Identifier: GPL-2.0-only

//! Timers that are started for as long as a function runs.

use core::ffi::{c_int, c_void};
use core::pin::Pin;

use super::handle::{answer, called, timer_of};
use super::{HasHrTimer, HrTimerCallback, HrTimerHandle, HrTimerMode, RawHrTimerCallback};
use crate::entry::enter;

/// Pointers that can be started if whoever does it takes care of the handle.
///
/// # Safety
///
/// The timer is started by `start`, and the handle waits for its function when it is dropped.
pub unsafe trait UnsafeHrTimerPointer: Sync + Sized {
    /// How the timer tells times.
    type TimerMode: HrTimerMode;
    /// What stops the timer when it is dropped.
    type TimerHandle: HrTimerHandle;

    /// Starts the timer.
    ///
    /// # Safety
    ///
    /// The handle is dropped, and not forgotten, while what the pointer borrows exists.
    unsafe fn start(self, expires: <Self::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle;
}

/// Pointers that can be started for as long as a function runs: `Pin<&Self>` and `Pin<&mut Self>`, also on the stack.
///
/// # Examples
///
/// ```no_run
/// use core::sync::atomic::{AtomicBool, Ordering};
/// use kernel::{
///     pin_init::stack_pin_init,
///     prelude::*,
///     time::{Delta, Monotonic, delay::fsleep, hrtimer::*},
/// };
///
/// #[pin_data]
/// struct Alarm {
///     rang: AtomicBool,
///     #[pin]
///     timer: HrTimer<Self>,
/// }
///
/// impl_has_hr_timer! {
///     impl HasHrTimer<Self> for Alarm { mode: RelativeMode<Monotonic>, field: self.timer }
/// }
///
/// impl HrTimerCallback for Alarm {
///     type Pointer<'a> = Pin<&'a Self>;
///
///     fn run(this: Pin<&Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
///         this.rang.store(true, Ordering::Relaxed);
///         HrTimerRestart::NoRestart
///     }
/// }
///
/// stack_pin_init!(let alarm = pin_init!(Alarm { rang: AtomicBool::new(false), timer <- HrTimer::new() }));
/// alarm.as_ref().start_scoped(Delta::from_millis(10), || fsleep(Delta::from_millis(50)));
/// assert!(alarm.rang.load(Ordering::Relaxed));
/// ```
pub trait ScopedHrTimerPointer {
    /// How the timer tells times.
    type TimerMode: HrTimerMode;

    /// Starts the timer, runs `function`, and stops the timer.
    ///
    /// # Context
    ///
    /// Any context but the timer's own function, where it would wait for ever.
    fn start_scoped<T, F>(
        self,
        expires: <Self::TimerMode as HrTimerMode>::Expires,
        function: F,
    ) -> T
    where
        F: FnOnce() -> T;
}

impl<P: UnsafeHrTimerPointer> ScopedHrTimerPointer for P {
    type TimerMode = P::TimerMode;

    fn start_scoped<T, F>(self, expires: <P::TimerMode as HrTimerMode>::Expires, function: F) -> T
    where
        F: FnOnce() -> T,
    {
        // SAFETY: the handle is dropped at the end of this function, which is called with what the pointer borrows.
        let _handle = unsafe { self.start(expires) };
        function()
    }
}

/// Stops the timer of a borrowed value when it is dropped.
pub struct PinHrTimerHandle<'a, T: HasHrTimer<T>>(Pin<&'a T>);

// SAFETY: `hrtimer_cancel` waits for the function.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for PinHrTimerHandle<'_, T> {
    fn cancel(&mut self) -> bool {
        timer_of(self.0.get_ref()).cancel()
    }
}

impl<T: HasHrTimer<T>> Drop for PinHrTimerHandle<'_, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

// SAFETY: the handle waits for the function when it is dropped.
unsafe impl<'a, T> UnsafeHrTimerPointer for Pin<&'a T>
where
    T: HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self> + Send + Sync,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = PinHrTimerHandle<'a, T>;

    unsafe fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle {
        // SAFETY: the handle has cancelled the timer before the borrow ends, as the caller promises.
        unsafe { timer_of(self.get_ref()).start(expires) };
        PinHrTimerHandle(self)
    }
}

// SAFETY: `run` calls the callback of `T`.
unsafe impl<'a, T> RawHrTimerCallback for Pin<&'a T>
where
    T: HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self>,
{
    type CallbackTarget<'b> = Self;

    unsafe extern "C" fn run(timer: *mut c_void) -> c_int {
        enter(0, || {
            // SAFETY: the timer was started by a `Pin<&T>`, as the caller promises.
            let (value, context) = unsafe { called::<T>(timer) };
            // SAFETY: the value is borrowed as long as the handle exists, which waits for this function.
            let this = unsafe { &*value };
            // SAFETY: it was pinned.
            let this = unsafe { Pin::new_unchecked(this) };
            answer(T::run(this, context))
        })
    }
}

/// Stops the timer of an exclusively borrowed value when it is dropped.
pub struct PinMutHrTimerHandle<'a, T: HasHrTimer<T>>(Pin<&'a mut T>);

// SAFETY: `hrtimer_cancel` waits for the function.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for PinMutHrTimerHandle<'_, T> {
    fn cancel(&mut self) -> bool {
        timer_of(self.0.as_ref().get_ref()).cancel()
    }
}

impl<T: HasHrTimer<T>> Drop for PinMutHrTimerHandle<'_, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

// SAFETY: the handle waits for the function when it is dropped.
unsafe impl<'a, T> UnsafeHrTimerPointer for Pin<&'a mut T>
where
    T: HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self> + Send + Sync,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = PinMutHrTimerHandle<'a, T>;

    unsafe fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle {
        // SAFETY: the handle has cancelled the timer before the borrow ends, as the caller promises; until then it keeps
        // the borrow and reaches nothing but the timer.
        unsafe { timer_of(self.as_ref().get_ref()).start(expires) };
        PinMutHrTimerHandle(self)
    }
}

// SAFETY: `run` calls the callback of `T`.
unsafe impl<'a, T> RawHrTimerCallback for Pin<&'a mut T>
where
    T: HasHrTimer<T> + HrTimerCallback<Pointer<'a> = Self>,
{
    type CallbackTarget<'b> = Self;

    unsafe extern "C" fn run(timer: *mut c_void) -> c_int {
        enter(0, || {
            // SAFETY: the timer was started by a `Pin<&mut T>`, as the caller promises.
            let (value, context) = unsafe { called::<T>(timer) };
            // SAFETY: the handle has the only borrow, reaches nothing but the timer, and waits for this function. A timer
            // that nobody can start again is called once at a time.
            let this = unsafe { &mut *value };
            // SAFETY: it was pinned.
            let this = unsafe { Pin::new_unchecked(this) };
            answer(T::run(this, context))
        })
    }
}
