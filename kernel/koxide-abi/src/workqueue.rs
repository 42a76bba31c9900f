// SPDX-License-Identifier: GPL-2.0-only

//! Work that runs later, on a thread of the kernel: include/linux/workqueue.h.

use core::ffi::{c_char, c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::workqueue as twin;
use crate::lockdep::LockClass;
use crate::types::workqueue_struct;

rooms! {
    /// Bytes reserved for a `struct work_struct`; `shims/workqueue.c` checks that the target's fits.
    pub const WORK_ROOM: usize = 32;

    /// Bytes reserved for a `struct delayed_work`; `shims/workqueue.c` checks that the target's fits.
    pub const DELAYED_WORK_ROOM: usize = 96;
}

/// Room for a `struct work_struct`.
#[repr(C, align(8))]
pub struct Work(pub [u8; WORK_ROOM]);

/// Room for a `struct delayed_work`, which begins with a `struct work_struct`.
#[repr(C, align(8))]
pub struct DelayedWork(pub [u8; DELAYED_WORK_ROOM]);

/// Works run on any CPU.
pub const WQ_UNBOUND: u32 = 0x2;
/// The queue stops while the machine is suspended.
pub const WQ_FREEZABLE: u32 = 0x4;
/// The queue has a thread for when memory is short.
pub const WQ_MEM_RECLAIM: u32 = 0x8;
/// Threads of high priority.
pub const WQ_HIGHPRI: u32 = 0x10;
/// Works that compute for long.
pub const WQ_CPU_INTENSIVE: u32 = 0x20;
/// One work at a time, in the order in which they were queued.
pub const WQ_ORDERED: u32 = 0x10000;

/// `system_wq`.
pub const SYSTEM_WQ: u32 = 0;
/// `system_highpri_wq`.
pub const SYSTEM_WQ_HIGHPRI: u32 = 1;
/// `system_long_wq`.
pub const SYSTEM_WQ_LONG: u32 = 2;
/// `system_unbound_wq`.
pub const SYSTEM_WQ_UNBOUND: u32 = 3;
/// `system_freezable_wq`.
pub const SYSTEM_WQ_FREEZABLE: u32 = 4;
/// `system_power_efficient_wq`.
pub const SYSTEM_WQ_POWER_EFFICIENT: u32 = 5;
/// `system_freezable_power_efficient_wq`.
pub const SYSTEM_WQ_FREEZABLE_POWER_EFFICIENT: u32 = 6;
/// `system_bh_wq`.
pub const SYSTEM_WQ_BH: u32 = 7;
/// `system_bh_highpri_wq`.
pub const SYSTEM_WQ_BH_HIGHPRI: u32 = 8;

shims! {
    /// Makes a work that is not queued.
    ///
    /// # Safety
    ///
    /// `work` points at room of the size and alignment of [`Work`] that nothing else uses and that does not move from
    /// now on. Each time it was queued, `run` may be called with it, once. `class` is as [`LockClass::new`] says.
    #[host(twin::init)]
    pub fn kx_work_init(work: *mut c_void, run: unsafe extern "C" fn(work: *mut c_void), class: LockClass);

    /// Makes a delayed work that is not queued.
    ///
    /// # Safety
    ///
    /// As for [`kx_work_init`], with room of the size and alignment of [`DelayedWork`].
    #[host(twin::init_delayed)]
    pub fn kx_delayed_work_init(
        work: *mut c_void,
        run: unsafe extern "C" fn(work: *mut c_void),
        class: LockClass,
        timer: LockClass,
    );

    /// Queues a work, unless it is queued already; 1 when it was not. Any context.
    ///
    /// # Safety
    ///
    /// The work was made, and stays until its function was called, or it was cancelled. The queue lives.
    #[host(twin::queue)]
    pub fn kx_queue_work(queue: *mut workqueue_struct, work: *mut c_void) -> c_int;

    /// Queues a delayed work after so many jiffies, unless it is queued already; 1 when it was not. Any context.
    ///
    /// # Safety
    ///
    /// As for [`kx_queue_work`], and the queue lives until then.
    #[host(twin::queue_delayed)]
    pub fn kx_queue_delayed_work(queue: *mut workqueue_struct, work: *mut c_void, delay: usize) -> c_int;

    /// Takes a work from its queue and waits until it does not run; 1 when it was queued. Sleeps.
    ///
    /// # Safety
    ///
    /// The work was made, and stays meanwhile; its function does not call this.
    #[host(twin::cancel_sync)]
    pub fn kx_cancel_work_sync(work: *mut c_void) -> c_int;

    /// Takes a delayed work from its queue or its timer and waits until it does not run; 1 when it was queued. Sleeps.
    ///
    /// # Safety
    ///
    /// The delayed work was made, and stays meanwhile; its function does not call this.
    #[host(twin::cancel_sync)]
    pub fn kx_cancel_delayed_work_sync(work: *mut c_void) -> c_int;

    /// Takes a delayed work from its queue or its timer; 1 when it was queued. Any context.
    ///
    /// # Safety
    ///
    /// The delayed work was made, and stays meanwhile.
    #[host(twin::cancel_delayed)]
    pub fn kx_cancel_delayed_work(work: *mut c_void) -> c_int;

    /// Whether a delayed work waits for its time and will be put into a queue then, any if null: 1 or 0. Any context.
    ///
    /// # Safety
    ///
    /// The delayed work was made. The queue is only compared.
    #[host(twin::waits_for)]
    pub fn kx_delayed_work_waits_for(work: *mut c_void, queue: *mut workqueue_struct) -> c_int;

    /// Waits until a work that is queued or runs has run; 1 when it was. Sleeps.
    ///
    /// # Safety
    ///
    /// The work was made, and stays meanwhile; its function does not call this.
    #[host(twin::flush)]
    pub fn kx_flush_work(work: *mut c_void) -> c_int;

    /// Queues a delayed work at once if it waits for its time, and waits until it has run; 1 when it was queued. Sleeps.
    ///
    /// # Safety
    ///
    /// The delayed work was made, and stays meanwhile; its function does not call this.
    #[host(twin::flush_delayed)]
    pub fn kx_flush_delayed_work(work: *mut c_void) -> c_int;

    /// One of the kernel's own queues, by its number here. Where a kernel has none for softirqs it is a queue of threads.
    ///
    /// # Safety
    ///
    /// None. It lives for ever.
    #[host(twin::system)]
    pub fn kx_system_workqueue(which: u32) -> *mut workqueue_struct;

    /// Makes a queue; null when there is no memory. `max_active` 0 is the kernel's default. Sleeps.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string.
    #[host(twin::alloc)]
    pub fn kx_alloc_workqueue(name: *const c_char, flags: u32, max_active: u32) -> *mut workqueue_struct;

    /// Waits until all that was queued has run, and frees the queue. Sleeps.
    ///
    /// # Safety
    ///
    /// The queue was made here, nobody uses it any more, and no delayed work waits for it.
    #[host(twin::destroy)]
    pub fn kx_destroy_workqueue(queue: *mut workqueue_struct);

    /// Waits until all has run that was queued before. Sleeps.
    ///
    /// # Safety
    ///
    /// The queue lives, and the caller is no work of it.
    #[host(twin::flush_all)]
    pub fn kx_flush_workqueue(queue: *mut workqueue_struct);

    /// Waits until the queue is empty, while works queue themselves and each other. Sleeps.
    ///
    /// # Safety
    ///
    /// The queue lives, and nobody but its works uses it meanwhile; no delayed work waits for it.
    #[host(twin::drain)]
    pub fn kx_drain_workqueue(queue: *mut workqueue_struct);
}
