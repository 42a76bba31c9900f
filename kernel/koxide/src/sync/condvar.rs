// SPDX-License-Identifier: GPL-2.0-only

//! Condition variables: waiting for what a lock protects to change.

use core::ffi::{CStr, c_long, c_uint};
use core::pin::{Pin, pin};

use koxide_abi::{TASK_FREEZABLE, TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE};
use macros::pin_data;

use super::lock::{Backend, Guard};
use super::wait::{Entry, MAX_SCHEDULE_TIMEOUT, WaitQueue, bounded, schedule_timeout};
use crate::pin_init::{PinInit, pin_init};
use crate::sync::LockClassKey;
use crate::task::signal_pending;
use crate::time::Jiffies;

/// Threads that wait for a change of what a lock protects.
///
/// Waiting unlocks, sleeps, and locks again before it returns: between the look at the data and the sleep no change goes
/// unnoticed. It may return without reason, so that it stands in a loop that looks again.
///
/// # Examples
///
/// ```
/// use kernel::{
///     prelude::*,
///     sync::{CondVar, Mutex, new_condvar, new_mutex},
/// };
///
/// #[pin_data]
/// struct Counter {
///     #[pin]
///     value: Mutex<u32>,
///     #[pin]
///     changed: CondVar,
/// }
///
/// impl Counter {
///     fn new() -> impl PinInit<Self> {
///         pin_init!(Self { value <- new_mutex!(0), changed <- new_condvar!() })
///     }
///
///     fn increment(&self) {
///         *self.value.lock() += 1;
///         self.changed.notify_all();
///     }
///
///     fn wait_for(&self, value: u32) -> Result {
///         let mut guard = self.value.lock();
///         while *guard < value {
///             if self.changed.wait_interruptible(&mut guard) {
///                 return Err(ERESTARTSYS);
///             }
///         }
///         Ok(())
///     }
/// }
/// # let counter = KBox::pin_init(Counter::new(), GFP_KERNEL)?;
/// # counter.increment();
/// # counter.wait_for(1)?;
/// # Ok::<(), Error>(())
/// ```
///
/// A kernel thread that is told to stop is woken, once, and may be about to wait at that moment. So whoever stops it changes
/// the data and notifies first.
///
/// The data cannot be held on to while others change it:
///
/// ```compile_fail,E0502
/// use kernel::sync::{CondVar, MutexGuard};
///
/// fn keep(changed: &CondVar, mut guard: MutexGuard<'_, u32>) -> u32 {
///     let value = &*guard;
///     changed.wait(&mut guard);
///     *value
/// }
/// ```
#[pin_data]
pub struct CondVar {
    #[pin]
    queue: WaitQueue,
}

impl CondVar {
    /// One that nobody waits for; the macro `new_condvar!` calls this.
    pub fn new(name: &'static CStr, key: Pin<&'static LockClassKey>) -> impl PinInit<Self> {
        pin_init!(Self { queue <- WaitQueue::new(name, key) })
    }

    /// Unlocks, sleeps in a state for at most so many jiffies, and locks again; says how many are left.
    fn sleep<T: ?Sized, B: Backend>(
        &self,
        guard: &mut Guard<'_, T, B>,
        state: c_uint,
        timeout: c_long,
    ) -> c_long {
        let entry = pin!(Entry::new());
        let waiter = self.queue.waiter(entry);
        // The thread is in the queue before it unlocks: whoever locks then, and notifies, finds it there.
        waiter.prepare_exclusive(state);
        guard.do_unlocked(|| schedule_timeout(timeout))
    }

    /// Waits to be notified, whatever signals come.
    ///
    /// # Context
    ///
    /// Process context; sleeps. No other spinlock is held, and no
    /// [`LocalInterruptDisabled`](crate::interrupt::LocalInterruptDisabled).
    pub fn wait<T: ?Sized, B: Backend>(&self, guard: &mut Guard<'_, T, B>) {
        self.sleep(guard, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
    }

    /// Waits to be notified or for a signal; whether there is a signal.
    ///
    /// # Context
    ///
    /// Process context; sleeps. No other spinlock is held, and no
    /// [`LocalInterruptDisabled`](crate::interrupt::LocalInterruptDisabled).
    #[must_use = "when a signal waits, waiting again would return at once"]
    pub fn wait_interruptible<T: ?Sized, B: Backend>(&self, guard: &mut Guard<'_, T, B>) -> bool {
        self.sleep(guard, TASK_INTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
        signal_pending()
    }

    /// As [`wait_interruptible`](Self::wait_interruptible), and the thread may be frozen meanwhile, as when the machine is
    /// suspended. So it holds no other lock, which others could want before they are frozen.
    #[must_use = "when a signal waits, waiting again would return at once"]
    pub fn wait_interruptible_freezable<T: ?Sized, B: Backend>(
        &self,
        guard: &mut Guard<'_, T, B>,
    ) -> bool {
        let state = TASK_INTERRUPTIBLE | TASK_FREEZABLE;
        self.sleep(guard, state, MAX_SCHEDULE_TIMEOUT);
        signal_pending()
    }

    /// Waits to be notified, at most `jiffies`, whatever signals come.
    ///
    /// # Context
    ///
    /// Process context; sleeps. No other spinlock is held, and no
    /// [`LocalInterruptDisabled`](crate::interrupt::LocalInterruptDisabled).
    #[must_use = "the time may be over"]
    pub fn wait_timeout<T: ?Sized, B: Backend>(
        &self,
        guard: &mut Guard<'_, T, B>,
        jiffies: Jiffies,
    ) -> CondVarTimeoutResult {
        match self.sleep(guard, TASK_UNINTERRUPTIBLE, bounded(jiffies)) {
            0 => CondVarTimeoutResult::Timeout,
            left => CondVarTimeoutResult::Woken {
                jiffies: left.unsigned_abs() as Jiffies,
            },
        }
    }

    /// Waits to be notified or for a signal, at most `jiffies`.
    ///
    /// # Context
    ///
    /// Process context; sleeps. No other spinlock is held, and no
    /// [`LocalInterruptDisabled`](crate::interrupt::LocalInterruptDisabled).
    #[must_use = "a signal may wait, or the time be over"]
    pub fn wait_interruptible_timeout<T: ?Sized, B: Backend>(
        &self,
        guard: &mut Guard<'_, T, B>,
        jiffies: Jiffies,
    ) -> CondVarTimeoutResult {
        let left = self.sleep(guard, TASK_INTERRUPTIBLE, bounded(jiffies));
        let jiffies = left.unsigned_abs() as Jiffies;
        match (jiffies, signal_pending()) {
            (jiffies, true) => CondVarTimeoutResult::Signal { jiffies },
            (0, false) => CondVarTimeoutResult::Timeout,
            (jiffies, false) => CondVarTimeoutResult::Woken { jiffies },
        }
    }

    /// Wakes one thread that waits, if any does. When none does, the next one to come waits nevertheless.
    ///
    /// # Context
    ///
    /// Any.
    pub fn notify_one(&self) {
        self.queue.wake(1);
    }

    /// Wakes all threads that wait.
    ///
    /// # Context
    ///
    /// Any.
    pub fn notify_all(&self) {
        self.queue.wake(0);
    }

    /// Wakes one thread that waits, if any does, and lets it wait for this CPU: for a thread that sleeps next.
    ///
    /// # Context
    ///
    /// Any.
    pub fn notify_sync(&self) {
        self.queue.wake_sync();
    }

    /// What the threads wait in.
    pub(super) fn queue(&self) -> &WaitQueue {
        &self.queue
    }
}

/// How a wait with a limit ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CondVarTimeoutResult {
    /// The time is over.
    Timeout,
    /// Notified, or without a reason.
    Woken {
        /// What is left of the time.
        jiffies: Jiffies,
    },
    /// A signal waits.
    Signal {
        /// What is left of the time.
        jiffies: Jiffies,
    },
}

/// An initialiser of a [`CondVar`], with a name for the kernel's lock checker if one is given.
#[macro_export]
macro_rules! new_condvar {
    ($($name:literal)? $(,)?) => {
        $crate::sync::CondVar::new($crate::optional_name!($($name)?), $crate::static_lock_class!())
    };
}
