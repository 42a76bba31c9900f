// SPDX-License-Identifier: GPL-2.0-only

//! Kernel threads.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::alloc::may_have;
use super::context;
use super::errno::ENOMEM;
use super::machine::{current, lock};
use super::task::Task;
use crate::TASK_INTERRUPTIBLE;
use crate::types::{kx_kthread, task_struct};

/// What stands for a kernel thread.
struct Kthread {
    task: Arc<Task>,
    name: String,
    started: AtomicBool,
    returned: Mutex<bool>,
    ended: Condvar,
}

impl Kthread {
    /// The thread at an address.
    ///
    /// # Safety
    ///
    /// It came from [`create`], and is not freed during `'a`.
    unsafe fn from_raw<'a>(thread: *mut kx_kthread) -> &'a Self {
        // SAFETY: as the caller promises.
        unsafe { &*thread.cast() }
    }

    /// Waits until the body has returned.
    fn wait(&self) {
        context::might_sleep();
        let mut returned = lock(&self.returned);
        while !*returned {
            returned = self
                .ended
                .wait(returned)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Twin of `kx_kthread_create`.
///
/// # Safety
///
/// As for `kx_kthread_create`.
pub(crate) unsafe fn create(name: *const c_char, out: *mut *mut kx_kthread) -> c_int {
    if !may_have() {
        return -ENOMEM;
    }
    // SAFETY: it is a C string.
    let name = unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned();
    let thread = Arc::new(Kthread {
        task: Task::to_be(&name),
        name,
        started: AtomicBool::new(false),
        returned: Mutex::new(false),
        ended: Condvar::new(),
    });
    // SAFETY: it is writable.
    unsafe { out.write(Arc::into_raw(thread).cast_mut().cast()) };
    0
}

/// Twin of `kx_kthread_start`.
///
/// # Safety
///
/// As for `kx_kthread_start`.
pub(crate) unsafe fn start(
    raw: *mut kx_kthread,
    body: unsafe extern "C" fn(data: *mut c_void),
    data: *mut c_void,
) {
    // SAFETY: it was not freed, which this owner sees to from now on.
    unsafe { Arc::increment_strong_count(raw.cast::<Kthread>()) };
    // SAFETY: this is that owner.
    let thread = unsafe { Arc::from_raw(raw.cast::<Kthread>()) };
    assert!(
        !thread.started.swap(true, Ordering::Relaxed),
        "a thread is started once"
    );
    let main = (body, AtomicPtr::new(data));
    current().spawn(&thread.name.clone(), move || {
        thread.task.clone().adopt();
        // SAFETY: the thread was started, and this is its only call.
        unsafe { (main.0)(main.1.into_inner()) };
        *lock(&thread.returned) = true;
        thread.ended.notify_all();
    });
}

/// Twin of `kx_kthread_wait`.
///
/// # Safety
///
/// As for `kx_kthread_wait`.
pub(crate) unsafe fn wait(raw: *mut kx_kthread) {
    // SAFETY: it was not freed.
    unsafe { Kthread::from_raw(raw) }.wait();
}

/// Twin of `kx_kthread_returned`.
///
/// # Safety
///
/// As for `kx_kthread_returned`.
pub(crate) unsafe fn returned(raw: *mut kx_kthread) -> c_int {
    // SAFETY: it was not freed.
    let thread = unsafe { Kthread::from_raw(raw) };
    c_int::from(*lock(&thread.returned))
}

/// Twin of `kx_kthread_stop`.
///
/// # Safety
///
/// As for `kx_kthread_stop`.
pub(crate) unsafe fn stop(raw: *mut kx_kthread) {
    // SAFETY: it was not freed.
    let thread = unsafe { Kthread::from_raw(raw) };
    thread.task.should_stop.store(true, Ordering::SeqCst);
    thread.task.wake();
    thread.wait();
}

/// Twin of `kx_kthread_task`.
///
/// # Safety
///
/// As for `kx_kthread_task`.
pub(crate) unsafe fn task(raw: *mut kx_kthread) -> *mut task_struct {
    // SAFETY: it was not freed.
    unsafe { Kthread::from_raw(raw) }.task.as_raw()
}

/// Twin of `kx_kthread_free`.
///
/// # Safety
///
/// As for `kx_kthread_free`.
pub(crate) unsafe fn free(raw: *mut kx_kthread) {
    // SAFETY: `create` gave this owner up, and nobody uses it any more.
    drop(unsafe { Arc::from_raw(raw.cast::<Kthread>()) });
}

/// Twin of `kx_kthread_should_stop`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn should_stop() -> c_int {
    c_int::from(Task::current().should_stop.load(Ordering::SeqCst))
}

/// Twin of `kx_kthread_sleep`.
///
/// # Safety
///
/// As for `kx_kthread_sleep`.
pub(crate) unsafe fn sleep(milliseconds: u32) {
    let task = Task::current();
    // First the state, then the question: a wake-up in between lets it not sleep.
    task.prepare(TASK_INTERRUPTIBLE);
    if task.should_stop.load(Ordering::SeqCst) {
        task.prepare(0);
    } else {
        task.sleep(Some(Duration::from_millis(milliseconds.into())));
    }
}
