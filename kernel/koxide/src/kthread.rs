// SPDX-License-Identifier: GPL-2.0-only

//! Kernel threads: kernel/kthread.c.
//!
//! # Examples
//!
//! A thread that counts every 100 ms until it is told to stop:
//!
//! ```no_run
//! # // kunit: run
//! use kernel::{kthread, prelude::*, time::Delta};
//!
//! # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
//! # fn main() -> Result {
//! let thread = kthread::spawn(c"counter", || {
//!     let mut ticks = 0;
//!     while kthread::sleep(Delta::from_millis(100)) {
//!         ticks += 1;
//!     }
//!     ticks
//! })?;
//! pr_info!("it counted to {}\n", thread.stop());
//! # Ok(())
//! # }
//! ```

#![allow(unsafe_code, reason = "the C edge of kernel threads")]

mod handle;

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_void};
use core::mem::offset_of;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use koxide_abi::types::kx_kthread;
use macros::pin_data;

use crate::alloc::{KBox, flags::GFP_KERNEL};
use crate::entry::{Module, callback, enter_owning};
use crate::error::{Error, Result, code::ENOMEM, code::ESHUTDOWN, to_result};
use crate::init::InPlaceInit;
use crate::module::pending::{Ended, Entry, Kind, Owed, Scope, end_spent};
use crate::pin_init::PinInit;
use crate::sync::Arc;
use crate::time::Delta;
use crate::try_pin_init;

pub use handle::JoinHandle;

/// Runs a function on a new kernel thread, which has a name of at most 15 bytes in `ps` and `/proc/PID/comm`.
///
/// The function runs in any case, also when the thread is told to stop at once.
///
/// What it uses is made for other threads:
///
/// ```compile_fail,E0277
/// use core::cell::Cell;
/// use kernel::{kthread, prelude::*, sync::Arc};
///
/// fn count(counter: Arc<Cell<u32>>) {
///     let _ = kthread::spawn(c"counter", move || counter.set(1));
/// }
/// ```
///
/// A thread whose handle was [given up](JoinHandle::detach) or forgotten runs on; when the module goes it is told to stop, and
/// waited for. What is left of one that was given up and has returned goes when the next thread is spawned; one whose
/// handle was forgotten (`mem::forget`) keeps its memory in the kernel, some KB, until the module goes.
///
/// # Errors
///
/// `ENOMEM` when there is no memory, `EAGAIN` when there are too many threads, `EINTR` when the caller is being killed, `ESHUTDOWN` when the module
/// is going. The function is dropped.
///
/// # Context
///
/// Process context; may sleep.
pub fn spawn<T, F>(name: &CStr, function: F) -> Result<JoinHandle<T>>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    // The module does not go before the thread is in the list of what it stops.
    let _owed = Owed::new().ok_or(ESHUTDOWN)?;
    if SPENT_THREADS.swap(false, Ordering::Acquire) {
        end_spent();
    }
    let main = KBox::<Main<T, F>>::new_uninit(GFP_KERNEL)?;
    let raw = Thread::<T>::create(name);
    let thread = Arc::pin_init(raw, GFP_KERNEL)?;
    let main = main.write(Main {
        function,
        returning: Returning {
            thread: thread.clone(),
            result: None,
        },
    });
    let main = KBox::into_raw(main).cast();
    // One owner is the list's, until the thread is settled or stopped.
    let listed = thread.clone().into_raw();
    // SAFETY: the list's owner keeps it.
    let entry = unsafe { &raw const (*listed).entry };
    // SAFETY: it is new and a `Thread<T>`, and the list has its owner. The thread is about to be started, which stopping
    // it waits for.
    unsafe { Entry::list(entry) };
    // SAFETY: it was created, and is started once; `main` is complete, and belongs to it from now on.
    unsafe { koxide_abi::kx_kthread_start(thread.raw.0.as_ptr(), run::<T, F>, main) };
    Ok(JoinHandle {
        thread: Some(thread),
    })
}

/// Whether the running kernel thread was told to stop: its function returns then.
///
/// It is false in what is no kernel thread. Any context.
#[must_use]
pub fn should_stop() -> bool {
    // SAFETY: it can always be asked for.
    unsafe { koxide_abi::kx_kthread_should_stop() != 0 }
}

/// Sleeps for a span of time, or until the thread is told to stop or is [woken up](crate::task::Task::wake_up); whether it is to go on.
///
/// A span is rounded up to milliseconds and to ticks of the kernel's clock (up to 10 ms); one of 2³¹ ms (24 days) or more has
/// no end.
///
/// # Context
///
/// Process context; sleeps.
pub fn sleep(span: Delta) -> bool {
    let millis = span.as_micros_ceil().max(0).cast_unsigned().div_ceil(1000);
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_kthread_sleep(u32::try_from(millis).unwrap_or(u32::MAX)) };
    !should_stop()
}

/// Whether a thread is [`SPENT`] that was not yet cleared away.
static SPENT_THREADS: AtomicBool = AtomicBool::new(false);

/// The function has not returned, and there is a handle.
const RUNNING: u8 = 0;
/// The function has returned, and its result waits for the handle.
const RETURNED: u8 = 1;
/// The handle was given up, and the function has not returned.
const DETACHED: u8 = 2;
/// The function has returned, the handle was given up, and nobody waits for the result.
const SPENT: u8 = 3;

/// What a thread is started with.
struct Main<T: Send + 'static, F> {
    function: F,
    returning: Returning<T>,
}

/// A thread as the shims have it.
///
/// # Invariants
///
/// The pointer is valid.
struct Raw(NonNull<kx_kthread>);

impl Raw {
    /// A thread that does not run yet; it is started.
    fn create(name: &CStr) -> Result<Self> {
        let mut raw = core::ptr::null_mut();
        // SAFETY: the name is a C string, `raw` is writable, and who calls this starts the thread.
        to_result(unsafe { koxide_abi::kx_kthread_create(name.as_ptr(), &raw mut raw) })?;
        // INVARIANT: it was just made.
        Ok(Self(NonNull::new(raw).ok_or(ENOMEM)?))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the last owner goes: the list's went after the thread was stopped.
        unsafe { koxide_abi::kx_kthread_free(self.0.as_ptr()) };
    }
}

/// A thread, and what its function returned.
///
/// # Invariants
///
/// The thread writes `result` before `state` becomes `RETURNED`. From there on it is that of the owner of the handle.
#[pin_data]
struct Thread<T> {
    raw: Raw,
    state: AtomicU8,
    result: UnsafeCell<Option<T>>,
    #[pin]
    entry: Entry,
}

// SAFETY: any thread may stop another, and gets its result, which is `Send`.
unsafe impl<T: Send> Send for Thread<T> {}
// SAFETY: stopping excludes itself, and the result is taken by the one that owns the handle.
unsafe impl<T: Send> Sync for Thread<T> {}

impl<T: Send + 'static> Thread<T> {
    /// How a thread that is left is ended when the module goes.
    const KIND: &'static Kind = &Kind {
        end: Self::end,
        settle: Self::settle,
    };

    /// A thread that does not run yet; it is started.
    fn create(name: &CStr) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            raw: Raw::create(name)?,
            state: AtomicU8::new(RUNNING),
            result: UnsafeCell::new(None),
            entry <- Entry::new(Self::KIND),
        })
    }

    /// Tells the thread to stop, and waits until it has.
    fn stop(&self) {
        // SAFETY: it was started, and this is not the thread itself: only handles and the module's exit call this.
        unsafe { koxide_abi::kx_kthread_stop(self.raw.0.as_ptr()) };
    }

    /// Leaves the result to the owner of the handle, or drops it if there is none; what the thread does last. There is no result
    /// when its function panicked.
    fn returned(&self, result: Option<T>) {
        // INVARIANT: nobody looks at the result before the state is `RETURNED`.
        // SAFETY: as long as it is not, the result is this thread's.
        unsafe { *self.result.get() = result };
        if self.changes(RUNNING, RETURNED) {
            return;
        }
        let _spent = Spent(self);
        // SAFETY: the state did not become `RETURNED`, so that the result is still this thread's.
        drop(unsafe { (*self.result.get()).take() });
    }

    /// Has the thread end without anybody who waits for it; its result is dropped.
    fn detach(&self) {
        if self.changes(RUNNING, DETACHED) {
            return;
        }
        let _spent = Spent(self);
        // SAFETY: the state is `RETURNED`, and this is called by the handle.
        drop(unsafe { (*self.result.get()).take() });
    }

    /// Changes the state if it is the expected one; whether it was.
    fn changes(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// The thread of an entry.
    fn of_entry(entry: *const Entry) -> *const Self {
        entry
            .wrapping_byte_sub(offset_of!(Self, entry))
            .cast::<Self>()
    }

    /// A thread is left to `settle` when the module goes, and when it is spent.
    ///
    /// # Safety
    ///
    /// As for [`Kind::end`].
    unsafe fn end(entry: *const Entry, scope: Scope) -> Ended {
        // SAFETY: the list has an owner of the thread as long as the entry is in it.
        let thread = unsafe { &*Self::of_entry(entry) };
        match scope {
            Scope::Module => Ended::Taken,
            Scope::Spent if thread.state.load(Ordering::Acquire) == SPENT => Ended::Taken,
            Scope::Spent | Scope::Queue(_) => Ended::Idle,
        }
    }

    /// Stops a thread, and drops its result.
    ///
    /// # Safety
    ///
    /// As for [`Kind::settle`].
    unsafe fn settle(entry: *const Entry) {
        // SAFETY: the list has one owner as long as the entry is in it, which it has just left.
        let thread = unsafe { Arc::from_raw(Self::of_entry(entry)) };
        thread.stop();
    }
}

/// A new thread's function.
///
/// # Safety
///
/// `data` is a `Main<T, F>` from `KBox::into_raw`, which is this function's.
unsafe extern "C" fn run<T, F>(data: *mut c_void)
where
    F: FnOnce() -> T,
    T: Send + 'static,
{
    // SAFETY: as the caller promises.
    let take = || unsafe { KBox::from_raw(data.cast::<Main<T, F>>()) };
    enter_owning(callback::KTHREAD, Module, take, |main| {
        let Main {
            function,
            mut returning,
        } = KBox::into_inner(main);
        returning.result = Some(function());
    });
}

/// The end of a thread: when this is dropped its function has returned, or panicked, or was not called after all.
struct Returning<T: Send + 'static> {
    thread: Arc<Thread<T>>,
    result: Option<T>,
}

impl<T: Send + 'static> Drop for Returning<T> {
    fn drop(&mut self) {
        self.thread.returned(self.result.take());
    }
}

/// Lets the next [`spawn`] clear a thread away when this is dropped: when the result is, whether that panics or not. That waits for
/// the thread, which runs nothing of the driver any more.
struct Spent<'a, T>(&'a Thread<T>);

impl<T> Drop for Spent<'_, T> {
    fn drop(&mut self) {
        self.0.state.store(SPENT, Ordering::Release);
        SPENT_THREADS.store(true, Ordering::Release);
    }
}
