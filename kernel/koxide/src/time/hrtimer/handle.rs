// SPDX-License-Identifier: GPL-2.0-only

//! What can be started, and what stops it again.

use core::ffi::{c_int, c_void};
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;

use super::{
    HasHrTimer, HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerHandle, HrTimerMode,
    HrTimerPointer, HrTimerRestart, RawHrTimerCallback,
};
use crate::alloc::KBox;
use crate::entry::{Module, callback, enter};
use crate::module::pending;
use crate::sync::{Arc, ArcBorrow};

/// The timer of a value.
pub(super) fn timer_of<T: HasHrTimer<T>>(value: &T) -> &HrTimer<T> {
    // SAFETY: it is a value.
    let timer = unsafe { T::raw_get_timer(value) };
    // SAFETY: it is a field of the value, as `HasHrTimer` promises.
    unsafe { &*timer }
}

/// The value that a timer is a field of, and the context of its function.
///
/// # Safety
///
/// `timer` is the timer of a `T`, whose function is being called during `'a`.
pub(super) unsafe fn called<'a, T: HasHrTimer<T>>(
    timer: *mut c_void,
) -> (*mut T, HrTimerCallbackContext<'a, T>) {
    // SAFETY: the kernel has the address from `raw_get_timer`, as the caller promises.
    let value = unsafe { T::timer_container_of(timer.cast()) };
    // SAFETY: a timer has an address.
    let timer = unsafe { NonNull::new_unchecked(timer) };
    (value, HrTimerCallbackContext(timer, PhantomData))
}

/// What the kernel is told; a timer ends when the module goes.
pub(super) fn answer(restart: HrTimerRestart) -> c_int {
    c_int::from(restart == HrTimerRestart::Restart && !pending::is_closed())
}

/// Stops the timer of an `Arc` when it is dropped.
pub struct ArcHrTimerHandle<T: HasHrTimer<T>>(Arc<T>);

// SAFETY: `hrtimer_cancel` waits for the function.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for ArcHrTimerHandle<T> {
    fn cancel(&mut self) -> bool {
        timer_of(&*self.0).cancel()
    }
}

impl<T: HasHrTimer<T>> Drop for ArcHrTimerHandle<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl<T> HrTimerPointer for Arc<T>
where
    T: HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self> + Send + Sync + 'static,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = ArcHrTimerHandle<T>;

    fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> ArcHrTimerHandle<T> {
        // SAFETY: the handle is an owner, until it has cancelled the timer; other threads share `T`.
        unsafe { timer_of(&*self).start(expires) };
        ArcHrTimerHandle(self)
    }
}

// SAFETY: `run` calls the callback of `T`.
unsafe impl<T> RawHrTimerCallback for Arc<T>
where
    T: HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self> + 'static,
{
    type CallbackTarget<'a> = ArcBorrow<'a, T>;

    unsafe extern "C" fn run(timer: *mut c_void) -> c_int {
        enter(callback::HRTIMER, Module, || {
            // SAFETY: the timer was started by an `Arc<T>`, as the caller promises.
            let (value, context) = unsafe { called::<T>(timer) };
            // SAFETY: only `Arc`s start this timer, so that this is the address of an `Arc`'s value; the handle is an owner
            // and waits for this function before it goes, so that there is no `UniqueArc` either.
            let this = unsafe { ArcBorrow::from_raw(value) };
            answer(T::run(this, context))
        })
    }
}

/// Stops the timer of a box, and frees the box, when it is dropped.
///
/// # Invariants
///
/// The pointer came from a `Pin<KBox<T>>` that was given up, and belongs to this value.
pub struct BoxHrTimerHandle<T: HasHrTimer<T>>(NonNull<T>);

// SAFETY: it is an owner of a `T`, which its bounds allow to be sent.
unsafe impl<T: HasHrTimer<T> + Send> Send for BoxHrTimerHandle<T> {}
// SAFETY: a shared handle gives out nothing.
unsafe impl<T: HasHrTimer<T> + Sync> Sync for BoxHrTimerHandle<T> {}

// SAFETY: `hrtimer_cancel` waits for the function.
unsafe impl<T: HasHrTimer<T>> HrTimerHandle for BoxHrTimerHandle<T> {
    fn cancel(&mut self) -> bool {
        // SAFETY: the value belongs to this handle.
        let timer = unsafe { T::raw_get_timer(self.0.as_ptr()) };
        // SAFETY: it is a field of the value, which is pinned; the callback, which may change the rest, does not touch it.
        unsafe { &*timer }.cancel()
    }
}

impl<T: HasHrTimer<T>> Drop for BoxHrTimerHandle<T> {
    fn drop(&mut self) {
        self.cancel();
        // SAFETY: it came from a box that was given up, and nobody uses it any more.
        drop(unsafe { KBox::from_raw(self.0.as_ptr()) });
    }
}

impl<T> HrTimerPointer for Pin<KBox<T>>
where
    T: HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self> + Send + Sync + 'static,
{
    type TimerMode = T::TimerMode;
    type TimerHandle = BoxHrTimerHandle<T>;

    fn start(self, expires: <T::TimerMode as HrTimerMode>::Expires) -> BoxHrTimerHandle<T> {
        // SAFETY: the value stays where it is.
        let value = KBox::into_raw(unsafe { Pin::into_inner_unchecked(self) });
        // SAFETY: a box has an address.
        let handle = BoxHrTimerHandle(unsafe { NonNull::new_unchecked(value) });
        // SAFETY: it is a value.
        let timer = unsafe { T::raw_get_timer(value) };
        // SAFETY: it is a field of the value, to which there is no reference.
        let timer = unsafe { &*timer };
        // SAFETY: the value belongs to the handle until that has cancelled the timer.
        unsafe { timer.start(expires) };
        handle
    }
}

// SAFETY: `run` calls the callback of `T`.
unsafe impl<T> RawHrTimerCallback for Pin<KBox<T>>
where
    T: HasHrTimer<T> + for<'a> HrTimerCallback<Pointer<'a> = Self> + 'static,
{
    type CallbackTarget<'a> = Pin<&'a mut T>;

    unsafe extern "C" fn run(timer: *mut c_void) -> c_int {
        enter(callback::HRTIMER, Module, || {
            // SAFETY: the timer was started by a `Pin<KBox<T>>`, as the caller promises.
            let (value, context) = unsafe { called::<T>(timer) };
            // SAFETY: the handle owns the value and does not reach it before this function has returned; nobody else
            // has it, and a timer whose owner cannot start it again is called once at a time.
            let this = unsafe { &mut *value };
            // SAFETY: the box was pinned.
            let this = unsafe { Pin::new_unchecked(this) };
            answer(T::run(this, context))
        })
    }
}
