// SPDX-License-Identifier: GPL-2.0-only

//! Threads: include/linux/sched.h, include/linux/sched/signal.h, include/linux/sched/task.h.

use core::ffi::c_int;

#[cfg(not(target_os = "none"))]
use crate::host::task as twin;
use crate::types::task_struct;

shims! {
    /// Takes one more reference; any context.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::get)]
    pub fn kx_get_task(task: *mut task_struct);

    /// Gives a reference back; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, which it no longer uses.
    #[host(twin::put)]
    pub fn kx_put_task(task: *mut task_struct);

    /// The number of the thread's process in the running thread's PID namespace; 0 when it has none there.
    ///
    /// # Safety
    ///
    /// The task lives. Process context.
    #[host(twin::pid)]
    pub fn kx_task_tgid_vnr(task: *mut task_struct) -> c_int;

    /// The real user of the thread, as the kernel counts users.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::uid)]
    pub fn kx_task_uid(task: *mut task_struct) -> u32;

    /// Copies the thread's name: at most 15 bytes and a NUL.
    ///
    /// # Safety
    ///
    /// The task lives; `name` is writable for 16 bytes.
    #[host(twin::comm)]
    pub fn kx_task_comm(task: *mut task_struct, name: *mut u8);

    /// The first thread of a thread's process.
    ///
    /// # Safety
    ///
    /// The task is the running thread's; the result lives as long as that runs.
    #[host(twin::group_leader)]
    pub fn kx_task_group_leader(task: *mut task_struct) -> *mut task_struct;

    /// Whether a signal waits for a thread: 1 or 0.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::signal_pending)]
    pub fn kx_task_signal_pending(task: *mut task_struct) -> c_int;

    /// Wakes a thread that sleeps in a state that can be woken. Any context.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::wake_up)]
    pub fn kx_task_wake_up(task: *mut task_struct);

    /// Lets another thread run when one waits for this CPU. May sleep.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::cond_resched)]
    pub fn kx_cond_resched();

    /// Warns, in kernels that look for it, when the caller may not sleep.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::might_sleep)]
    pub fn kx_might_sleep();
}

fields! {
    /// The thread's number in the first PID namespace.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::pid)]
    #[field(read_once)]
    pub fn kx_task_pid(task: *mut task_struct) -> c_int;

    /// The number of the thread's process in the first PID namespace.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::pid)]
    #[field(read_once)]
    pub fn kx_task_tgid(task: *mut task_struct) -> c_int;

    /// The running thread; in an interrupt the one that was interrupted. Any context.
    ///
    /// # Safety
    ///
    /// None. The task lives as long as the thread runs, or the interrupt lasts.
    #[host(twin::current)]
    #[field(current)]
    pub fn kx_current() -> *mut task_struct;

    /// The flags of a thread that the kernel looks at before it returns to a program; any context.
    ///
    /// # Safety
    ///
    /// The task lives.
    #[host(twin::thread_flags)]
    #[field(read_once)]
    pub fn kx_task_thread_flags(task: *mut task_struct) -> usize;

    /// Those of the flags without which no signal waits, so that [`kx_task_signal_pending`] says 0.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::signal_flags)]
    #[field(number)]
    pub fn kx_signal_flags() -> usize;
}
