// SPDX-License-Identifier: GPL-2.0-only

//! Work that runs later, on a thread of the kernel: kernel/workqueue.c.
//!
//! A [`Work`] is a field of what it works on, and `impl_has_work!` says which. An owner of the whole is given to a
//! [`Queue`], and comes back in [`WorkItem::run`], once for each time that it was queued. A type with several works
//! tells them apart by numbers, `Work<Self, 1>` and `Work<Self, 2>`.
//!
//! When the module goes, nothing new is queued (an owner that is queued then comes back, or is dropped), what is queued
//! runs, and what is delayed and waits for its time is dropped without having run; so may be what is put into its queue
//! by its timer at that very moment.
//!
//! # Examples
//!
//! ```no_run
//! # // kunit: run
//! use kernel::{
//!     prelude::*,
//!     sync::Arc,
//!     workqueue::{self, Work, WorkItem, impl_has_work, new_work},
//! };
//!
//! #[pin_data]
//! struct Greeting {
//!     number: u32,
//!     #[pin]
//!     work: Work<Greeting>,
//! }
//!
//! impl_has_work! {
//!     impl HasWork<Self> for Greeting { self.work }
//! }
//!
//! impl WorkItem for Greeting {
//!     type Pointer = Arc<Greeting>;
//!
//!     fn run(this: Arc<Greeting>) {
//!         pr_info!("number {} was here\n", this.number);
//!     }
//! }
//!
//! # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
//! # fn main() -> Result {
//! let greeting = pin_init!(Greeting { number: 7, work <- new_work!("greeting") });
//! let greeting = Arc::pin_init(greeting, GFP_KERNEL)?;
//! if workqueue::system().enqueue(greeting.clone()).is_err() {
//!     pr_info!("it is queued already\n");
//! }
//! greeting.work.flush();
//! # Ok(())
//! # }
//! ```
//!
//! A work that is delayed:
//!
//! ```no_run
//! # // kunit: run
//! use kernel::{
//!     prelude::*,
//!     time::msecs_to_jiffies,
//!     workqueue::{self, DelayedWork, WorkItem, impl_has_delayed_work, new_delayed_work},
//! };
//!
//! #[pin_data]
//! struct Reminder {
//!     #[pin]
//!     work: DelayedWork<Reminder>,
//! }
//!
//! impl_has_delayed_work! {
//!     impl HasDelayedWork<Self> for Reminder { self.work }
//! }
//!
//! impl WorkItem for Reminder {
//!     type Pointer = Pin<KBox<Reminder>>;
//!
//!     fn run(_this: Pin<KBox<Reminder>>) {
//!         pr_info!("half a second has passed\n");
//!     }
//! }
//!
//! # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
//! # fn main() -> Result {
//! let reminder = KBox::pin_init(pin_init!(Reminder { work <- new_delayed_work!() }), GFP_KERNEL)?;
//! workqueue::system().enqueue_delayed(reminder, msecs_to_jiffies(500));
//! # Ok(())
//! # }
//! ```

#![allow(unsafe_code, reason = "the C edge of work queues")]

mod closure;
mod delayed;
mod item;
mod owned;
mod work;

use koxide_abi::types::workqueue_struct;

use crate::alloc::{AllocError, Flags};
use crate::module::pending::Owed;
use crate::time::Jiffies;
use crate::types::Opaque;

pub use crate::{impl_has_delayed_work, impl_has_work, new_delayed_work, new_work};
pub use delayed::{DelayedWork, HasDelayedWork};
pub use item::{RawDelayedWorkItem, RawWorkItem, WorkItem, WorkItemPointer};
pub use owned::{Builder, OwnedQueue};
pub use work::{HasWork, Work};

/// A queue of works, and the threads that run them.
///
/// # Invariants
///
/// This is a `struct workqueue_struct` of the kernel.
#[repr(transparent)]
pub struct Queue(Opaque<workqueue_struct>);

// SAFETY: any thread may use a queue.
unsafe impl Send for Queue {}
// SAFETY: a queue has its own locks.
unsafe impl Sync for Queue {}

impl Queue {
    /// The queue at an address.
    ///
    /// # Safety
    ///
    /// It lives during `'a`.
    unsafe fn from_raw<'a>(queue: *mut workqueue_struct) -> &'a Self {
        // SAFETY: the struct has the layout of its one field, and lives for `'a`.
        unsafe { &*queue.cast() }
    }

    /// Queues a work.
    ///
    /// An `Arc` or `ARef` whose work is queued already comes back as the error; so it does when the module is going. A
    /// `Pin<KBox>` cannot be queued already, and is dropped when the module is going.
    ///
    /// What is queued runs on another thread, and so is made for that:
    ///
    /// ```compile_fail,E0277
    /// use core::cell::Cell;
    /// use kernel::{prelude::*, sync::Arc, workqueue::{self, Work, WorkItem, impl_has_work}};
    ///
    /// #[pin_data]
    /// struct Counter {
    ///     count: Cell<u32>,
    ///     #[pin]
    ///     work: Work<Counter>,
    /// }
    ///
    /// impl_has_work! { impl HasWork<Self> for Counter { self.work } }
    ///
    /// impl WorkItem for Counter {
    ///     type Pointer = Arc<Counter>;
    ///
    ///     fn run(this: Arc<Counter>) {
    ///         this.count.set(1);
    ///     }
    /// }
    ///
    /// fn queue(counter: Arc<Counter>) {
    ///     let _ = workqueue::system().enqueue(counter);
    /// }
    /// ```
    ///
    /// # Context
    ///
    /// Any context but that of an NMI.
    pub fn enqueue<W, const ID: u64>(&self, item: W) -> W::EnqueueOutput
    where
        W: RawWorkItem<ID> + Send + 'static,
    {
        let queue = self.0.get();
        let queue_work = move |work| {
            owing(|| {
                // SAFETY: the work was made by `Work::new`, and stays until it was run or taken back, as `__enqueue`
                // promises; the queue lives.
                unsafe { koxide_abi::kx_queue_work(queue, work) != 0 }
            })
        };
        // SAFETY: the closure says whether the kernel took the work; the item may be used at any time and on any thread.
        unsafe { item.__enqueue(queue_work) }
    }

    /// Queues a work when so many [`Jiffies`] have passed; [`enqueue`](Self::enqueue) has the rest.
    ///
    /// # Context
    ///
    /// Any context but that of an NMI.
    pub fn enqueue_delayed<W, const ID: u64>(&self, item: W, delay: Jiffies) -> W::EnqueueOutput
    where
        W: RawDelayedWorkItem<ID> + Send + 'static,
    {
        let queue = self.0.get();
        let queue_work = move |work| {
            owing(|| {
                // SAFETY: the work was made by `DelayedWork::new`, and stays until it was run or taken back, as `__enqueue`
                // promises; the queue lives for ever, or its owner calls off what waits for it.
                unsafe { koxide_abi::kx_queue_delayed_work(queue, work, delay) != 0 }
            })
        };
        // SAFETY: the closure says whether the kernel took the work; the item may be used at any time and on any thread.
        unsafe { item.__enqueue(queue_work) }
    }

    /// Runs a function or closure once, as a work.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory, and when the module is going: the function is dropped.
    ///
    /// # Context
    ///
    /// As `flags` say.
    pub fn try_spawn<T>(&self, flags: Flags, function: T) -> Result<(), AllocError>
    where
        T: FnOnce() + Send + 'static,
    {
        closure::spawn(self, flags, function)
    }
}

/// Has the kernel owe the callback of a work that `queue` puts into a queue; whether it was put there.
fn owing(queue: impl FnOnce() -> bool) -> bool {
    let Some(owed) = Owed::new() else {
        return false;
    };
    let queued = queue();
    if queued {
        owed.into_kernel();
    }
    queued
}

/// One of the kernel's own queues.
fn system_queue(which: u32) -> &'static Queue {
    // SAFETY: any number can be asked for.
    let queue = unsafe { koxide_abi::kx_system_workqueue(which) };
    // SAFETY: they live for ever.
    unsafe { Queue::from_raw(queue) }
}

/// The queue for works that do not take long. They run on the CPU that queued them.
pub fn system() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ)
}

/// As [`system`], with threads of high priority.
pub fn system_highpri() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_HIGHPRI)
}

/// As [`system`], for works that may take long.
pub fn system_long() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_LONG)
}

/// The queue whose works run on any CPU, and at once.
pub fn system_unbound() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_UNBOUND)
}

/// As [`system`], but stopped while the machine is suspended.
pub fn system_freezable() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_FREEZABLE)
}

/// As [`system`], but on any CPU where the kernel is to save power.
pub fn system_power_efficient() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_POWER_EFFICIENT)
}

/// As [`system_power_efficient`], but stopped while the machine is suspended.
pub fn system_freezable_power_efficient() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_FREEZABLE_POWER_EFFICIENT)
}

/// The queue whose works run in a softirq: they must not sleep.
///
/// Kernels before 6.9 have none: there it is [`system_highpri`].
pub fn system_bh() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_BH)
}

/// As [`system_bh`], before the other softirqs.
pub fn system_bh_highpri() -> &'static Queue {
    system_queue(koxide_abi::SYSTEM_WQ_BH_HIGHPRI)
}
