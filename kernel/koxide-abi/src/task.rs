// SPDX-License-Identifier: GPL-2.0-only

//! Threads: include/linux/sched.h, include/linux/sched/signal.h, include/linux/sched/task.h.

use core::ffi::c_int;

use crate::types::task_struct;

shims! {
    /// The running thread; in an interrupt the one that was interrupted. Any context.
    ///
    /// # Safety
    ///
    /// None. The task lives as long as the thread runs, or the interrupt lasts.
    pub fn kx_current() -> *mut task_struct;

    /// Takes one more reference; any context.
    ///
    /// # Safety
    ///
    /// The task lives.
    pub fn kx_get_task(task: *mut task_struct);

    /// Gives a reference back; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, which it no longer uses.
    pub fn kx_put_task(task: *mut task_struct);

    /// The thread's number in the first PID namespace.
    ///
    /// # Safety
    ///
    /// The task lives.
    pub fn kx_task_pid(task: *mut task_struct) -> c_int;

    /// The number of the thread's process in the first PID namespace.
    ///
    /// # Safety
    ///
    /// The task lives.
    pub fn kx_task_tgid(task: *mut task_struct) -> c_int;

    /// The number of the thread's process in the running thread's PID namespace; 0 when it has none there.
    ///
    /// # Safety
    ///
    /// The task lives. Process context.
    pub fn kx_task_tgid_vnr(task: *mut task_struct) -> c_int;

    /// The real user of the thread, as the kernel counts users.
    ///
    /// # Safety
    ///
    /// The task lives.
    pub fn kx_task_uid(task: *mut task_struct) -> u32;

    /// Copies the thread's name: at most 15 bytes and a NUL.
    ///
    /// # Safety
    ///
    /// The task lives; `name` is writable for 16 bytes.
    pub fn kx_task_comm(task: *mut task_struct, name: *mut u8);

    /// The first thread of a thread's process.
    ///
    /// # Safety
    ///
    /// The task is the running thread's; the result lives as long as that runs.
    pub fn kx_task_group_leader(task: *mut task_struct) -> *mut task_struct;

    /// Whether a signal waits for a thread: 1 or 0.
    ///
    /// # Safety
    ///
    /// The task lives.
    pub fn kx_task_signal_pending(task: *mut task_struct) -> c_int;

    /// Wakes a thread that sleeps in a state that can be woken. Any context.
    ///
    /// # Safety
    ///
    /// The task lives.
    pub fn kx_task_wake_up(task: *mut task_struct);

    /// Lets another thread run when one waits for this CPU. May sleep.
    ///
    /// # Safety
    ///
    /// None. Process context.
    pub fn kx_cond_resched();

    /// Warns, in kernels that look for it, when the caller may not sleep.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_might_sleep();
}
