// SPDX-License-Identifier: GPL-2.0-only

//! Queues of threads that wait: include/linux/wait.h.

#![allow(unsafe_code, reason = "the C edge of wait queues")]

use core::ffi::{CStr, c_int, c_long, c_uint, c_void};
use core::pin::{Pin, pin};

use koxide_abi::{TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE};
use macros::pin_data;

use crate::error::{
    Result,
    code::{ERESTARTSYS, ETIMEDOUT},
};
use crate::pin_init::{PinInit, pin_init};
use crate::sync::LockClassKey;
use crate::time::Jiffies;
use crate::types::{NotThreadSafe, Opaque};

/// As long as it takes.
pub(crate) const MAX_SCHEDULE_TIMEOUT: c_long = c_long::MAX;

/// A queue of threads, each of which waits until something is so.
///
/// Whoever changes what they wait for wakes the queue afterwards; each then looks for itself. What is looked at must be
/// visible to other threads without a lock that sleeps: an [`Atomic`](crate::sync::atomic::Atomic), or behind a
/// [`SpinLock`](crate::sync::SpinLock). For data behind a [`Mutex`](crate::sync::Mutex) there is
/// [`CondVar`](crate::sync::CondVar).
///
/// A kernel thread that is told to stop is woken, too: if that ends its wait, its condition asks
/// [`should_stop`](crate::kthread::should_stop).
///
/// The conditions run where the thread is about to sleep. One that sleeps itself gives the right answer, but keeps the
/// thread from sleeping: it then looks again and again.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     sync::{WaitQueue, atomic::{Acquire, Atomic, Release}, new_waitqueue},
/// };
///
/// #[pin_data]
/// struct Jobs {
///     queued: Atomic<usize>,
///     #[pin]
///     arrived: WaitQueue,
/// }
///
/// impl Jobs {
///     fn new() -> impl PinInit<Self> {
///         pin_init!(Self { queued: Atomic::new(0), arrived <- new_waitqueue!() })
///     }
///
///     fn add(&self) {
///         self.queued.fetch_add(1, Release);
///         self.arrived.wake_up();
///     }
///
///     fn wait(&self) -> Result {
///         self.arrived.wait_event_interruptible(|| self.queued.load(Acquire) > 0)
///     }
/// }
/// # let jobs = KBox::pin_init(Jobs::new(), GFP_KERNEL)?;
/// # jobs.add();
/// # jobs.wait()?;
/// # Ok::<(), Error>(())
/// ```
#[pin_data]
pub struct WaitQueue {
    #[pin]
    head: Opaque<koxide_abi::WaitQueueHead>,
}

// SAFETY: a queue belongs to no thread.
unsafe impl Send for WaitQueue {}
// SAFETY: the kernel locks the queue for whatever is done with it.
unsafe impl Sync for WaitQueue {}

impl WaitQueue {
    /// An empty queue; the macro `new_waitqueue!` calls this.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        let class = key.class(name);
        pin_init!(Self {
            head <- Opaque::ffi_init(move |room: *mut koxide_abi::WaitQueueHead| {
                // SAFETY: the room has the size and alignment of a queue, and is pinned; the class lives for ever.
                unsafe { koxide_abi::kx_init_waitqueue_head(room.cast(), class) }
            }),
        })
    }

    /// Wakes all threads that wait.
    ///
    /// # Context
    ///
    /// Any.
    pub fn wake_up(&self) {
        self.wake(0);
    }

    /// Waits until `condition` is true, whatever signals come.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_event(&self, condition: impl FnMut() -> bool) {
        // Neither a signal nor the time ends it.
        let _ = self.wait(TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT, condition);
    }

    /// Waits until `condition` is true or a signal comes.
    ///
    /// # Errors
    ///
    /// `ERESTARTSYS` when a signal came first. Where user space waits for the answer, that is the one to give: the kernel
    /// makes `EINTR` of it, or does the system call again.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_event_interruptible(&self, condition: impl FnMut() -> bool) -> Result {
        self.wait(TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT, condition)
            .map(drop)
    }

    /// Waits until `condition` is true, at most `timeout`; says how much of that is left, at least 1.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` when the condition was still not true at the end.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_event_timeout(
        &self,
        timeout: Jiffies,
        condition: impl FnMut() -> bool,
    ) -> Result<Jiffies> {
        self.wait(TASK_UNINTERRUPTIBLE, bounded(timeout), condition)
    }

    /// Waits until `condition` is true or a signal comes, at most `timeout`; says how much of that is left, at least 1.
    ///
    /// # Errors
    ///
    /// `ETIMEDOUT` when the condition was still not true at the end, `ERESTARTSYS` when a signal came first.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn wait_event_interruptible_timeout(
        &self,
        timeout: Jiffies,
        condition: impl FnMut() -> bool,
    ) -> Result<Jiffies> {
        self.wait(TASK_INTERRUPTIBLE, bounded(timeout), condition)
    }

    /// The loop around a condition.
    fn wait(
        &self,
        state: c_uint,
        mut left: c_long,
        mut condition: impl FnMut() -> bool,
    ) -> Result<Jiffies> {
        if condition() {
            return Ok(remaining(left));
        }
        let entry = pin!(Entry::new());
        let waiter = self.waiter(entry);
        loop {
            // The entry is in the queue before the condition is looked at: a wake-up in between is not missed.
            let signalled = waiter.prepare_event(state);
            if condition() {
                return Ok(remaining(left));
            }
            if signalled {
                return Err(ERESTARTSYS);
            }
            if left == 0 {
                return Err(ETIMEDOUT);
            }
            left = schedule_timeout(left);
        }
    }

    /// The running thread, about to wait in this queue.
    pub(crate) fn waiter<'a>(&'a self, entry: Pin<&'a mut Entry>) -> Waiter<'a> {
        let entry = entry.into_ref();
        // SAFETY: the room is that of an entry, pinned, and borrowed as long as the waiter lives.
        unsafe { koxide_abi::kx_init_wait_entry(entry.0.get().cast(), 0) };
        // INVARIANT: just made, for this thread.
        Waiter {
            queue: self,
            entry,
            _not_send: NotThreadSafe,
        }
    }

    /// Wakes all that every wake-up wakes, and `exclusive` of the others: 0 for all.
    pub(crate) fn wake(&self, exclusive: c_int) {
        let mode = TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE;
        // SAFETY: only `new` makes a queue, and it initialises the head; there is no key.
        unsafe { koxide_abi::kx_wake_up(self.as_ptr(), mode, exclusive, core::ptr::null_mut()) };
    }

    /// Wakes one, which may wait for this CPU.
    pub(crate) fn wake_sync(&self) {
        // SAFETY: only `new` makes a queue, and it initialises the head.
        unsafe { koxide_abi::kx_wake_up_sync(self.as_ptr()) };
    }

    /// The kernel's queue.
    pub(crate) fn as_ptr(&self) -> *mut c_void {
        self.head.get().cast()
    }
}

/// What is left when a condition is true: not 0, which would be a time-out.
fn remaining(left: c_long) -> Jiffies {
    left.unsigned_abs().max(1) as Jiffies
}

/// A span as the scheduler takes it: one that it cannot count is for ever.
pub(crate) fn bounded(timeout: Jiffies) -> c_long {
    timeout.try_into().unwrap_or(MAX_SCHEDULE_TIMEOUT)
}

/// Sleeps at most `timeout` jiffies, as the thread was prepared; says how many are left.
pub(crate) fn schedule_timeout(timeout: c_long) -> c_long {
    // SAFETY: all callers have what `bounded` or this function gave, which are not negative.
    unsafe { koxide_abi::kx_schedule_timeout(timeout) }
}

/// Room for a thread's entry in a queue.
pub(crate) struct Entry(Opaque<koxide_abi::WaitQueueEntry>);

impl Entry {
    /// Room that is in no queue.
    pub(crate) const fn new() -> Self {
        Self(Opaque::uninit())
    }
}

/// The running thread in a queue: it leaves when this is dropped, which nothing in this crate keeps from happening.
///
/// # Invariants
///
/// The entry was made by this thread, and is in no other queue.
pub(crate) struct Waiter<'a> {
    queue: &'a WaitQueue,
    entry: Pin<&'a Entry>,
    _not_send: NotThreadSafe,
}

impl Waiter<'_> {
    /// Enters the queue, as one that a wake-up of one wakes. `schedule_timeout` then sleeps.
    pub(crate) fn prepare_exclusive(&self, state: c_uint) {
        let (head, entry) = (self.queue.as_ptr(), self.entry());
        // SAFETY: the head was initialised, the entry too, it is in no other queue, and dropping takes it out.
        unsafe { koxide_abi::kx_prepare_to_wait_exclusive(head, entry, state) };
    }

    /// Enters the queue, as one that every wake-up wakes; whether a signal ends the wait. `schedule_timeout` then sleeps.
    fn prepare_event(&self, state: c_uint) -> bool {
        let (head, entry) = (self.queue.as_ptr(), self.entry());
        // SAFETY: the head was initialised, the entry too, it is in no other queue, and dropping takes it out.
        unsafe { koxide_abi::kx_prepare_to_wait_event(head, entry, state) != 0 }
    }

    /// The kernel's entry.
    fn entry(&self) -> *mut c_void {
        self.entry.0.get().cast()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let (head, entry) = (self.queue.as_ptr(), self.entry());
        // SAFETY: this thread has prepared the entry for this queue.
        unsafe { koxide_abi::kx_finish_wait(head, entry) };
    }
}

/// An initialiser of a [`WaitQueue`], with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_waitqueue {
    ($($name:literal)? $(,)?) => {
        $crate::sync::WaitQueue::new($crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_that_cannot_be_counted_is_for_ever() {
        assert_eq!(bounded(0), 0);
        assert_eq!(bounded(250), 250);
        assert_eq!(bounded(Jiffies::MAX), MAX_SCHEDULE_TIMEOUT);
    }

    #[test]
    fn what_is_true_at_the_end_is_no_timeout() {
        assert_eq!(remaining(0), 1);
        assert_eq!(remaining(7), 7);
    }
}
