// SPDX-License-Identifier: GPL-2.0-only

//! Queues of one's own.

use core::ffi::CStr;
use core::ops::Deref;
use core::ptr::NonNull;

use koxide_abi::types::workqueue_struct;

use super::Queue;
use crate::alloc::AllocError;
use crate::module::pending;

impl Queue {
    /// A queue whose works run on the CPU that queued them.
    pub const fn new_bound() -> Builder {
        Builder::new(0)
    }

    /// A queue whose works run on any CPU.
    pub const fn new_unbound() -> Builder {
        Builder::new(koxide_abi::WQ_UNBOUND)
    }

    /// A queue whose works run one at a time, in the order in which they were queued.
    pub const fn new_ordered() -> Builder {
        Builder::new(koxide_abi::WQ_ORDERED)
    }
}

/// A queue that is to be made.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// use kernel::{prelude::*, workqueue::Queue};
///
/// # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
/// # fn main() -> Result {
/// let queue = Queue::new_ordered().mem_reclaim().build(c"my_driver")?;
/// queue.try_spawn(GFP_KERNEL, || pr_info!("first\n"))?;
/// queue.try_spawn(GFP_KERNEL, || pr_info!("second\n"))?;
/// queue.flush();
/// # Ok(())
/// # }
/// ```
#[must_use = "`build` makes the queue"]
pub struct Builder {
    flags: u32,
    max_active: u32,
}

impl Builder {
    const fn new(flags: u32) -> Self {
        Self {
            flags,
            max_active: 0,
        }
    }

    const fn with(mut self, flag: u32) -> Self {
        self.flags |= flag;
        self
    }

    /// Stops while the machine is suspended.
    pub const fn freezable(self) -> Self {
        self.with(koxide_abi::WQ_FREEZABLE)
    }

    /// Has a thread of its own for when memory is short: needed by works through which memory is freed.
    pub const fn mem_reclaim(self) -> Self {
        self.with(koxide_abi::WQ_MEM_RECLAIM)
    }

    /// Has threads of high priority.
    pub const fn highpri(self) -> Self {
        self.with(koxide_abi::WQ_HIGHPRI)
    }

    /// Is for works that compute for long: they do not keep other works of their CPU from running.
    pub const fn cpu_intensive(self) -> Self {
        self.with(koxide_abi::WQ_CPU_INTENSIVE)
    }

    /// Runs at most so many works at a time (per CPU, if bound). 0 is the kernel's default, 256; an ordered queue runs one.
    pub const fn max_active(mut self, works: u32) -> Self {
        self.max_active = works;
        self
    }

    /// Makes the queue. Of the name, 23 bytes are used.
    ///
    /// # Errors
    ///
    /// [`AllocError`] when there is no memory, or no thread.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    pub fn build(self, name: &CStr) -> Result<OwnedQueue, AllocError> {
        // SAFETY: the name is a C string.
        let queue =
            unsafe { koxide_abi::kx_alloc_workqueue(name.as_ptr(), self.flags, self.max_active) };
        // INVARIANT: it was just made.
        NonNull::new(queue).map(OwnedQueue).ok_or(AllocError)
    }
}

/// A queue of one's own.
///
/// When it is dropped, delayed works that wait for it are dropped without having run; what is queued in it runs, and is
/// waited for. So a work must not drop its own queue: it would wait for itself, for ever.
///
/// # Invariants
///
/// The queue was made by `kx_alloc_workqueue`, and belongs to this value.
pub struct OwnedQueue(NonNull<workqueue_struct>);

// SAFETY: any thread may use and free a queue.
unsafe impl Send for OwnedQueue {}
// SAFETY: a queue has its own locks.
unsafe impl Sync for OwnedQueue {}

impl OwnedQueue {
    /// Waits until all has run that was queued before.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In a work of this queue it waits for itself, for ever.
    pub fn flush(&self) {
        // SAFETY: the queue lives.
        unsafe { koxide_abi::kx_flush_workqueue(self.0.as_ptr()) };
    }

    /// Drops the delayed works that wait for this queue, and waits until it is empty, also of what its works queue.
    ///
    /// # Context
    ///
    /// Process context; sleeps. In a work of this queue it waits for itself, for ever.
    pub fn drain(&mut self) {
        pending::end_waiting_for(self.0.as_ptr());
        // SAFETY: the queue lives, and is borrowed by this alone; what waited for it was called off.
        unsafe { koxide_abi::kx_drain_workqueue(self.0.as_ptr()) };
    }
}

impl Deref for OwnedQueue {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        // SAFETY: it lives as long as this value.
        unsafe { Queue::from_raw(self.0.as_ptr()) }
    }
}

impl Drop for OwnedQueue {
    fn drop(&mut self) {
        pending::end_waiting_for(self.0.as_ptr());
        // SAFETY: nobody can queue anything any more, and what waited for it was called off.
        unsafe { koxide_abi::kx_destroy_workqueue(self.0.as_ptr()) };
    }
}
