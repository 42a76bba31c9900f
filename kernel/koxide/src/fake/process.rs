// SPDX-License-Identifier: GPL-2.0-only

//! The processes that use a driver: each thread of a test is one.

use std::sync::Arc;

use koxide_abi::host::task::Task;

/// A thread of the test, as a process that signals can be sent to.
///
/// # Examples
///
/// A signal that waits interrupts whatever waits for something else:
///
/// ```
/// # // kunit: ignore
/// use kernel::{fake::Process, prelude::*, sync::Completion};
///
/// # fn main() -> Result {
/// let completion = KBox::pin_init(Completion::new(), GFP_KERNEL)?;
/// Process::current().signal();
/// assert_eq!(completion.wait_for_completion_interruptible(), Err(ERESTARTSYS));
/// Process::current().handle_signals();
/// completion.complete();
/// assert_eq!(completion.wait_for_completion_interruptible(), Ok(()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Process(Arc<Task>);

impl Process {
    /// The running thread.
    pub fn current() -> Self {
        Self(Task::current())
    }

    /// Sends a signal, which waits until the process [handles](Self::handle_signals) it. Any thread.
    pub fn signal(&self) {
        self.0.signal();
    }

    /// No signal waits any more.
    pub fn handle_signals(&self) {
        self.0.clear_signal();
    }
}
