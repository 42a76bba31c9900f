// SPDX-License-Identifier: GPL-2.0-only

//! Threads, of programs and of the kernel: include/linux/sched.h.

#![allow(unsafe_code, reason = "the C edge of threads")]

use core::ops::Deref;
use core::ptr::NonNull;

use koxide_abi::types::task_struct;

use crate::fmt;
use crate::sync::aref::AlwaysRefCounted;
use crate::types::{NotThreadSafe, Opaque};

/// A process's or thread's number.
pub type Pid = i32;

/// A thread, which the kernel calls a task.
///
/// It lives as long as somebody has a reference; that it still runs is not said. [`current!`](crate::current) gives the
/// one that runs this code, and an [`ARef`](crate::sync::aref::ARef) keeps one.
///
/// # Invariants
///
/// This is a `struct task_struct` of the kernel.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// use kernel::{current, task::Task, sync::aref::ARef};
///
/// let waiter: ARef<Task> = ARef::from(&**current!());
/// // Later, on another thread:
/// waiter.wake_up();
/// ```
#[repr(transparent)]
pub struct Task(Opaque<task_struct>);

// SAFETY: any thread may give back a reference.
unsafe impl Send for Task {}
// SAFETY: what is read of a task does not change, or is read as the kernel reads it from other threads.
unsafe impl Sync for Task {}

impl Task {
    /// The task at an address.
    ///
    /// # Safety
    ///
    /// During `'a` the task lives.
    pub(crate) unsafe fn from_raw<'a>(task: *mut task_struct) -> &'a Self {
        // SAFETY: the struct has the layout of its one field, and lives for `'a`.
        unsafe { &*task.cast() }
    }

    fn as_ptr(&self) -> *mut task_struct {
        self.0.get()
    }

    /// The thread's number, as the first PID namespace counts.
    pub fn pid(&self) -> Pid {
        // SAFETY: the task lives; a thread that takes its process over in `exec` gets the number at once.
        unsafe { koxide_abi::kx_task_pid(self.as_ptr()) }
    }

    /// The number of the thread's process, as the first PID namespace counts.
    pub fn tgid(&self) -> Pid {
        // SAFETY: the task lives.
        unsafe { koxide_abi::kx_task_tgid(self.as_ptr()) }
    }

    /// The number of the thread's process in the running thread's PID namespace; 0 when it has none there, and in interrupts.
    ///
    /// # Context
    ///
    /// Process context.
    pub fn tgid_vnr(&self) -> Pid {
        // SAFETY: the task lives.
        unsafe { koxide_abi::kx_task_tgid_vnr(self.as_ptr()) }
    }

    /// The real user.
    pub fn uid(&self) -> Kuid {
        // SAFETY: the task lives.
        Kuid::from_raw(unsafe { koxide_abi::kx_task_uid(self.as_ptr()) })
    }

    /// The thread's name, as `/proc/PID/comm` shows it.
    pub fn comm(&self) -> Comm {
        let mut comm = Comm([0; 16]);
        // SAFETY: the task lives, and there is room for 16 bytes.
        unsafe { koxide_abi::kx_task_comm(self.as_ptr(), comm.0.as_mut_ptr()) };
        comm
    }

    /// Whether a signal waits for the thread: a long operation then ends early.
    pub fn signal_pending(&self) -> bool {
        // SAFETY: the task lives.
        let flags = unsafe { koxide_abi::kx_task_thread_flags(self.as_ptr()) };
        // SAFETY: it has no contract.
        let signals = unsafe { koxide_abi::kx_signal_flags() };
        // What else has to be true differs between kernels, and is asked for only when there may be a signal.
        // SAFETY: the task lives.
        flags & signals != 0 && unsafe { koxide_abi::kx_task_signal_pending(self.as_ptr()) != 0 }
    }

    /// Wakes the thread, if it sleeps in a way that can be ended so.
    pub fn wake_up(&self) {
        // SAFETY: the task lives.
        unsafe { koxide_abi::kx_task_wake_up(self.as_ptr()) };
    }
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

impl Eq for Task {}

// SAFETY: the kernel counts references to tasks, and does not move them.
unsafe impl AlwaysRefCounted for Task {
    fn inc_ref(&self) {
        // SAFETY: the task lives.
        unsafe { koxide_abi::kx_get_task(self.as_ptr()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: the caller gives its reference back.
        unsafe { koxide_abi::kx_put_task(obj.as_ptr().cast()) };
    }
}

/// The name of a thread: at most 15 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Comm([u8; 16]);

impl Comm {
    /// The name's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0);
        &self.0[..end.unwrap_or(self.0.len())]
    }
}

impl fmt::Display for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_bytes().escape_ascii())
    }
}

impl fmt::Debug for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// The thread that runs this code; [`current!`](crate::current) gives it.
///
/// It is not sent to other threads, where it would be another one.
#[repr(transparent)]
pub struct CurrentTask(Task, NotThreadSafe);

impl CurrentTask {
    /// The first thread of this thread's process; in an interrupt, the thread itself.
    pub fn group_leader(&self) -> &Task {
        // SAFETY: this is the running thread.
        let leader = unsafe { koxide_abi::kx_task_group_leader(self.as_ptr()) };
        // SAFETY: it lives as long as the thread runs, which whoever has `self` is on.
        unsafe { Task::from_raw(leader) }
    }
}

impl Deref for CurrentTask {
    type Target = Task;

    fn deref(&self) -> &Task {
        &self.0
    }
}

/// For `current!`: what its reference borrows from, so that it does not leave the function.
#[doc(hidden)]
pub struct Current(*const CurrentTask);

impl Current {
    /// The running thread.
    ///
    /// # Safety
    ///
    /// The result does not outlive the function that asks for it: it is a temporary.
    pub unsafe fn __new() -> Self {
        // SAFETY: it can always be asked for.
        Self(unsafe { koxide_abi::kx_current() }.cast())
    }
}

impl Deref for Current {
    type Target = CurrentTask;

    fn deref(&self) -> &CurrentTask {
        // SAFETY: `Current` is not sent, so that this is the thread that made it, which runs; the layout is that of the
        // first field.
        unsafe { &*self.0 }
    }
}

/// The thread that runs this code, as a [`&CurrentTask`](crate::task::CurrentTask).
///
/// # Context
///
/// Process context: elsewhere it is whoever was interrupted.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// use kernel::current;
///
/// let task = current!();
/// let interrupted = task.signal_pending();
/// ```
#[macro_export]
macro_rules! current {
    () => {
        // SAFETY: it is a temporary, which lives no longer than the function.
        &*unsafe { $crate::task::Current::__new() }
    };
}

/// Whether a signal waits for the running thread. Process context.
pub(crate) fn signal_pending() -> bool {
    crate::current!().signal_pending()
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

/// Says that the caller may sleep: kernels that look for sleep in the wrong place warn here when it may not.
pub fn might_sleep() {
    // SAFETY: it can always be called.
    unsafe { koxide_abi::kx_might_sleep() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_its_nul() {
        let mut comm = Comm([0; 16]);
        comm.0[..7].copy_from_slice(b"kwork\n\0");
        assert_eq!(std::format!("{comm:?}"), r#""kwork\n""#);
    }
}
