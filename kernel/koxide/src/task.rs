// SPDX-License-Identifier: GPL-2.0-only

//! The running thread: include/linux/sched.h.

#![allow(unsafe_code, reason = "the C edge of threads")]

use crate::types::NotThreadSafe;

/// A process's or thread's number.
pub type Pid = i32;

/// The thread that runs this code; [`current!`](crate::current) gives it.
///
/// It is not sent to other threads, where it would be another one.
pub struct CurrentTask(NotThreadSafe);

impl CurrentTask {
    /// For `current!`.
    #[doc(hidden)]
    pub const fn __current() -> Self {
        Self(NotThreadSafe)
    }

    /// The thread's number.
    ///
    /// # Context
    ///
    /// Process context: elsewhere it is that of whoever was interrupted.
    pub fn pid(&self) -> Pid {
        // SAFETY: it can always be asked for.
        unsafe { koxide_abi::kx_current_pid() }
    }

    /// Whether a signal waits for the thread: a long operation then ends early.
    ///
    /// # Context
    ///
    /// Process context.
    pub fn signal_pending(&self) -> bool {
        // SAFETY: it can always be asked for.
        unsafe { koxide_abi::kx_current_signal_pending() != 0 }
    }
}

/// The thread that runs this code.
#[macro_export]
macro_rules! current {
    () => {
        $crate::task::CurrentTask::__current()
    };
}

/// Lets other threads have this CPU, if any waits: for loops that take long.
///
/// # Context
///
/// Process context; may sleep.
pub fn cond_resched() {
    // SAFETY: there is no contract but the context.
    unsafe { koxide_abi::kx_cond_resched() };
}

/// A user, as the kernel counts them: include/linux/uidgid.h.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kuid {
    kuid: u32,
}

impl Kuid {
    /// The effective user of the running thread.
    ///
    /// # Context
    ///
    /// Process context.
    pub fn current_euid() -> Self {
        // SAFETY: it can always be asked for.
        Self::from_raw(unsafe { koxide_abi::kx_current_euid() })
    }

    /// The user of a kernel number.
    pub(crate) const fn from_raw(kuid: u32) -> Self {
        Self { kuid }
    }

    /// What the user is called where the running thread is: `u32::MAX` when it has no name there.
    ///
    /// # Context
    ///
    /// Process context.
    pub fn into_uid_in_current_ns(self) -> u32 {
        // SAFETY: any number can be asked for.
        unsafe { koxide_abi::kx_from_kuid_current(self.kuid) }
    }
}
