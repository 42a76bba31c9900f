// SPDX-License-Identifier: GPL-2.0-only

//! Timers that are started for as long as a function runs.

use core::ffi::{c_int, c_void};
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;

use super::handle::{answer, called, timer_of};
use super::{HasHrTimer, HrTimer, HrTimerCallback, HrTimerHandle, HrTimerMode, RawHrTimerCallback};
use crate::entry::{Module, callback, enter};

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
/// # // kunit: run
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
        enter(callback::HRTIMER, Module, || {
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
///
/// # Invariants
///
/// The pointer is that of a value which this borrows exclusively during `'a`. It is not made a reference again, for the
/// callback has one.
pub struct PinMutHrTimerHandle<'a, T: HasHrTimer<T>>(NonNull<T>, PhantomData<Pin<&'a mut T>>);

impl<T: HasHrTimer<T>> PinMutHrTimerHandle<'_, T> {
    /// The timer of the value.
    fn timer(&self) -> &HrTimer<T> {
        // SAFETY: by the invariant it is a value.
        let timer = unsafe { T::raw_get_timer(self.0.as_ptr()) };
        // SAFETY: it is a field of the value, which is pinned; the callback, which may change the rest, does not touch it.
        unsafe { &*timer }
    }
}

// SAFETY: `hrtimer_cancel` waits for the function.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for PinMutHrTimerHandle<'_, T> {
    fn cancel(&mut self) -> bool {
        self.timer().cancel()
    }
}

impl<T: HasHrTimer<T>> Drop for PinMutHrTimerHandle<'_, T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

// The callback is one for any lifetime: what it has exclusively for one call it cannot keep, also where the timer was
// started through a borrow that lasts for ever.

// SAFETY: the handle waits for the function when it is dropped.
unsafe impl<'a, T> UnsafeHrTimerPointer for Pin<&'a mut T>
where
    T: HasHrTimer<T> + for<'b> HrTimerCallback<Pointer<'b> = Pin<&'b mut T>>,
    T: Send + Sync + 'static,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = PinMutHrTimerHandle<'a, T>;

    unsafe fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> Self::TimerHandle {
        // SAFETY: the value is not moved.
        let value = unsafe { self.get_unchecked_mut() };
        // INVARIANT: the borrow passes to the handle.
        let handle = PinMutHrTimerHandle(NonNull::from(value), PhantomData);
        // SAFETY: the handle has cancelled the timer before the borrow ends, as the caller promises.
        unsafe { handle.timer().start(expires) };
        handle
    }
}

// SAFETY: `run` calls the callback of `T`.
unsafe impl<T> RawHrTimerCallback for Pin<&mut T>
where
    T: HasHrTimer<T> + for<'b> HrTimerCallback<Pointer<'b> = Pin<&'b mut T>> + 'static,
{
    type CallbackTarget<'b> = Self;

    unsafe extern "C" fn run(timer: *mut c_void) -> c_int {
        enter(callback::HRTIMER, Module, || {
            // SAFETY: the timer was started by a `Pin<&mut T>`, as the caller promises.
            let (value, context) = unsafe { called::<T>(timer) };
            // SAFETY: the handle has the borrow, and reaches nothing but the timer until this function has returned, for
            // which it waits; the function is called once at a time, and cannot keep the reference.
            let this = unsafe { &mut *value };
            // SAFETY: it was pinned.
            let this = unsafe { Pin::new_unchecked(this) };
            answer(T::run(this, context))
        })
    }
}

/// The callback does not keep the value that it has exclusively for one call:
///
/// ```compile_fail
/// use kernel::{
///     prelude::*,
///     sync::global_lock,
///     time::{Delta, Monotonic, hrtimer::*},
/// };
///
/// #[pin_data]
/// struct Alarm {
///     count: u32,
///     #[pin]
///     timer: HrTimer<Self>,
/// }
///
/// impl_has_hr_timer! {
///     impl HasHrTimer<Self> for Alarm { mode: RelativeMode<Monotonic>, field: self.timer }
/// }
///
/// global_lock! {
///     static KEPT: SpinLock<Option<Pin<&'static mut Alarm>>> = None;
/// }
///
/// impl HrTimerCallback for Alarm {
///     type Pointer<'a> = Pin<&'static mut Self>;
///
///     fn run(this: Pin<&'static mut Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
///         *KEPT.lock() = Some(this);
///         HrTimerRestart::Restart
///     }
/// }
///
/// fn start(alarm: Pin<KBox<Alarm>>) -> Result {
///     let alarm: &'static mut Pin<KBox<Alarm>> = KBox::leak(KBox::new(alarm, GFP_KERNEL)?);
///     alarm.as_mut().start_scoped(Delta::ZERO, || ());
///     Ok(())
/// }
///
/// fn make() -> Result {
///     start(KBox::pin_init(pin_init!(Alarm { count: 0, timer <- HrTimer::new() }), GFP_KERNEL)?)
/// }
/// # fn main() {}
/// ```
#[cfg(doctest)]
struct Attacks;
