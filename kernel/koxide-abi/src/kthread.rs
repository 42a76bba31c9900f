// SPDX-License-Identifier: GPL-2.0-only

//! Kernel threads: include/linux/kthread.h.

use core::ffi::{c_char, c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::kthread as twin;
use crate::types::{kx_kthread, task_struct};

shims! {
    /// Makes a thread that does not run yet; 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string; `out` is writable. It is started.
    #[host(twin::create)]
    pub fn kx_kthread_create(name: *const c_char, out: *mut *mut kx_kthread) -> c_int;

    /// Lets the thread run: it calls `body` with `data`, once.
    ///
    /// # Safety
    ///
    /// `thread` came from [`kx_kthread_create`], and was neither started nor freed; `body` may be called with `data` on the
    /// new thread.
    #[host(twin::start)]
    pub fn kx_kthread_start(
        thread: *mut kx_kthread,
        body: unsafe extern "C" fn(data: *mut c_void),
        data: *mut c_void,
    );

    /// Waits until the thread's body has returned. Sleeps.
    ///
    /// # Safety
    ///
    /// `thread` was started and not freed; process context of another thread.
    #[host(twin::wait)]
    pub fn kx_kthread_wait(thread: *mut kx_kthread);

    /// Whether the thread's body has returned: 1 or 0. Any context.
    ///
    /// # Safety
    ///
    /// `thread` was not freed.
    #[host(twin::returned)]
    pub fn kx_kthread_returned(thread: *mut kx_kthread) -> c_int;

    /// Tells the thread to stop, and waits until it is out of the module's code. Its body runs in any case. May be
    /// called more than once, and by several threads at a time. Sleeps.
    ///
    /// # Safety
    ///
    /// `thread` was started and not freed; process context of another thread.
    #[host(twin::stop)]
    pub fn kx_kthread_stop(thread: *mut kx_kthread);

    /// Frees it.
    ///
    /// # Safety
    ///
    /// `thread` was stopped, and nobody uses it.
    #[host(twin::free)]
    pub fn kx_kthread_free(thread: *mut kx_kthread);

    /// Whether the running thread is a kernel thread that was told to stop: 1 or 0. Any context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::should_stop)]
    pub fn kx_kthread_should_stop() -> c_int;

    /// Sleeps for at least so many milliseconds, or until the running kernel thread is told to stop, or is woken up.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::sleep)]
    pub fn kx_kthread_sleep(milliseconds: u32);
}

fields! {
    /// The thread as a task.
    ///
    /// # Safety
    ///
    /// `thread` was not freed; the task lives as long as it is not.
    #[host(twin::task)]
    #[field(read)]
    pub fn kx_kthread_task(thread: *mut kx_kthread) -> *mut task_struct;
}
