// SPDX-License-Identifier: GPL-2.0-only

//! The handle of a thread.

#![allow(unsafe_code, reason = "the C edge of kernel threads")]

use super::Thread;
use crate::sync::Arc;
use crate::task::Task;

/// The right to stop a thread and to have what its function returns.
///
/// Dropping it tells the thread to stop, and waits until it has; on the thread itself it gives up the handle, as
/// [`detach`](Self::detach) does.
///
/// # Context
///
/// It is dropped in process context, where it sleeps.
#[must_use = "the thread is stopped when the handle goes"]
pub struct JoinHandle<T: Send + 'static> {
    /// None once it was stopped.
    pub(super) thread: Option<Arc<Thread<T>>>,
}

impl<T: Send + 'static> JoinHandle<T> {
    /// Tells the thread to stop, waits until it has, and gives what its function returned.
    ///
    /// # Panics
    ///
    /// On the thread itself, which would wait for ever; and when the thread's function panicked.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    #[must_use = "drop the handle to stop the thread without its result"]
    pub fn stop(mut self) -> T {
        match self.end() {
            Some(result) => result,
            None => panic!("a thread that panicked, or waits for itself, has no result"),
        }
    }

    /// Waits until the thread's function has returned, and gives what it returned.
    ///
    /// # Panics
    ///
    /// On the thread itself, which would wait for ever; and when the thread's function panicked.
    ///
    /// # Context
    ///
    /// Process context; sleeps.
    #[must_use = "drop the handle to stop the thread without its result"]
    pub fn join(self) -> T {
        if let Some(thread) = &self.thread
            && !is_current(thread)
        {
            // SAFETY: it was started, and this is another thread.
            unsafe { koxide_abi::kx_kthread_wait(thread.raw.0.as_ptr()) };
        }
        self.stop()
    }

    /// Lets the thread run on by itself. What its function returns is dropped, on the thread unless it has returned already.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # // kunit: run
    /// use kernel::{kthread, prelude::*};
    ///
    /// # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
    /// # fn main() -> Result {
    /// kthread::spawn(c"once", || pr_info!("nobody waits for this\n"))?.detach();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Context
    ///
    /// Process context.
    pub fn detach(mut self) {
        if let Some(thread) = self.thread.take() {
            thread.detach();
        }
    }

    /// Whether the thread's function has returned. Any context.
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(|thread| {
            // SAFETY: it exists as long as the handle.
            unsafe { koxide_abi::kx_kthread_returned(thread.raw.0.as_ptr()) != 0 }
        })
    }

    /// The thread, to be woken up or asked for its number.
    pub fn task(&self) -> Option<&Task> {
        self.thread.as_ref().map(|thread| task_of(thread))
    }

    /// Stops the thread, once; nothing on the thread itself.
    fn end(&mut self) -> Option<T> {
        let thread = self.thread.take()?;
        if is_current(&thread) {
            thread.detach();
            return None;
        }
        thread.stop();
        if thread.entry.unlist() {
            // SAFETY: the list had an owner as long as the entry was in it.
            drop(unsafe { Arc::from_raw(core::ptr::from_ref(&*thread)) });
        }
        // SAFETY: the thread has ended, and there is one handle.
        unsafe { (*thread.result.get()).take() }
    }
}

impl<T: Send + 'static> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        self.end();
    }
}

/// The task of a thread.
fn task_of<T>(thread: &Arc<Thread<T>>) -> &Task {
    // SAFETY: the thread was not freed.
    let task = unsafe { koxide_abi::kx_kthread_task(thread.raw.0.as_ptr()) };
    // SAFETY: there is a reference to the task as long as the thread was not freed.
    unsafe { Task::from_raw(task) }
}

/// Whether a thread is the one that runs this.
fn is_current<T>(thread: &Arc<Thread<T>>) -> bool {
    **crate::current!() == *task_of(thread)
}
