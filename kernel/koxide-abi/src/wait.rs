// SPDX-License-Identifier: GPL-2.0-only

//! Wait queues: include/linux/wait.h.

use core::ffi::{c_int, c_long, c_uint, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::wait as twin;
use crate::lockdep::LockClass;

rooms! {
    /// Bytes reserved for a `wait_queue_head_t`, PREEMPT_RT's included; `shims/wait.c` checks that the target's fits.
    pub const WAIT_QUEUE_HEAD_ROOM: usize = 48;

    /// Bytes reserved for a `wait_queue_entry_t`; `shims/wait.c` checks that the target's fits.
    pub const WAIT_QUEUE_ENTRY_ROOM: usize = 48;
}

/// Sleep until woken, or until a signal comes.
pub const TASK_INTERRUPTIBLE: c_uint = 0x1;
/// Sleep until woken.
pub const TASK_UNINTERRUPTIBLE: c_uint = 0x2;
/// With one of the others: may be frozen while it sleeps, as for the machine's suspend.
pub const TASK_FREEZABLE: c_uint = 0x2000;

/// Room for a `wait_queue_head_t`.
#[repr(C, align(8))]
pub struct WaitQueueHead(pub [u8; WAIT_QUEUE_HEAD_ROOM]);

/// Room for a `wait_queue_entry_t`.
#[repr(C, align(8))]
pub struct WaitQueueEntry(pub [u8; WAIT_QUEUE_ENTRY_ROOM]);

shims! {
    /// Makes a wait queue, empty.
    ///
    /// # Safety
    ///
    /// `head` points at room of the size and alignment of [`WaitQueueHead`] that nothing else uses and that does not
    /// move from now on; `class` is as [`LockClass::new`] says.
    #[host(twin::init)]
    pub fn kx_init_waitqueue_head(head: *mut c_void, class: LockClass);

    /// Makes an entry for the running thread, in no queue; `flags` is 0.
    ///
    /// # Safety
    ///
    /// `entry` points at room of the size and alignment of [`WaitQueueEntry`] that nothing else uses and that does not
    /// move from now on.
    #[host(twin::init_entry)]
    pub fn kx_init_wait_entry(entry: *mut c_void, flags: c_int);

    /// Puts an entry at a queue's end and the running thread into the state `state`: [`kx_schedule_timeout`] then
    /// sleeps until the queue is woken. A wake-up of one wakes one such entry.
    ///
    /// # Safety
    ///
    /// `head` was made by [`kx_init_waitqueue_head`] and `entry` on this thread by [`kx_init_wait_entry`]; the entry is in no
    /// other queue. [`kx_finish_wait`] is called before either goes. Process context.
    #[host(twin::prepare_exclusive)]
    pub fn kx_prepare_to_wait_exclusive(head: *mut c_void, entry: *mut c_void, state: c_uint);

    /// As [`kx_prepare_to_wait_exclusive`], with an entry that every wake-up wakes. When a signal waits and `state` heeds
    /// it, the entry is taken out of the queue and the answer is a negative errno; otherwise 0.
    ///
    /// # Safety
    ///
    /// As for [`kx_prepare_to_wait_exclusive`].
    #[host(twin::prepare_event)]
    pub fn kx_prepare_to_wait_event(head: *mut c_void, entry: *mut c_void, state: c_uint) -> c_long;

    /// Sleeps for so many jiffies, `c_long::MAX` for ever, or until the running thread is woken, as its state says.
    /// Returns how many jiffies are left.
    ///
    /// # Safety
    ///
    /// `timeout` is not negative. Process context, where sleeping is allowed.
    #[host(twin::schedule_timeout)]
    pub fn kx_schedule_timeout(timeout: c_long) -> c_long;

    /// Ends what a `kx_prepare_to_wait` began.
    ///
    /// # Safety
    ///
    /// The entry was prepared for this queue by this thread.
    #[host(twin::finish)]
    pub fn kx_finish_wait(head: *mut c_void, entry: *mut c_void);

    /// Wakes all entries of threads in one of the states `mode` that every wake-up wakes, and `exclusive` of the others: 0
    /// for all.
    ///
    /// # Safety
    ///
    /// `head` was made by [`kx_init_waitqueue_head`]; `key` is null.
    #[host(twin::wake)]
    pub fn kx_wake_up(head: *mut c_void, mode: c_uint, exclusive: c_int, key: *mut c_void);

    /// As [`kx_wake_up`] of one, for a thread that is about to sleep: who is woken may wait for this CPU.
    ///
    /// # Safety
    ///
    /// `head` was made by [`kx_init_waitqueue_head`].
    #[host(twin::wake_one)]
    pub fn kx_wake_up_sync(head: *mut c_void);
}
