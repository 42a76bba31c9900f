// SPDX-License-Identifier: GPL-2.0-only

//! Threads as the kernel sees them.

use core::ffi::c_int;
use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::context;
use super::cred::Cred;
use super::machine::{current as machine, lock};
use crate::types::task_struct;
use crate::{TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE};

/// A thread that sleeps for so long is a mistake: the test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands for a `struct task_struct`.
pub struct Task {
    pid: c_int,
    name: String,
    pub(super) cred: Cred,
    pub(super) should_stop: AtomicBool,
    sleep: Mutex<Sleep>,
    woken: Condvar,
}

/// How a thread sleeps, or is about to.
#[derive(Default)]
struct Sleep {
    /// The `TASK_*` that it sleeps in; 0 for a thread that runs.
    state: u32,
    signal: bool,
}

std::thread_local! {
    static CURRENT: OnceCell<Arc<Task>> = const { OnceCell::new() };
}

impl Task {
    /// A thread with a name.
    fn new(name: &str) -> Arc<Self> {
        static NEXT: AtomicI32 = AtomicI32::new(100);
        Arc::new(Self {
            pid: NEXT.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            cred: Cred::default(),
            should_stop: AtomicBool::new(false),
            sleep: Mutex::default(),
            woken: Condvar::new(),
        })
    }

    /// The running thread.
    pub fn current() -> Arc<Self> {
        CURRENT.with(|task| {
            let name = std::thread::current();
            task.get_or_init(|| Self::new(name.name().unwrap_or("test")))
                .clone()
        })
    }

    /// A thread that is about to be started, and has to [`adopt`](Self::adopt) this.
    pub(super) fn to_be(name: &str) -> Arc<Self> {
        Self::new(name)
    }

    /// The running thread becomes this one.
    pub(super) fn adopt(self: Arc<Self>) {
        CURRENT.with(|task| assert!(task.set(self).is_ok(), "the thread is another task already"));
    }

    /// Its address, as the shims take it.
    pub(super) fn as_raw(self: &Arc<Self>) -> *mut task_struct {
        Arc::as_ptr(self).cast_mut().cast()
    }

    /// The task at such an address.
    ///
    /// # Safety
    ///
    /// It came from [`as_raw`](Self::as_raw), and the task lives during `'a`.
    unsafe fn from_raw<'a>(task: *mut task_struct) -> &'a Self {
        // SAFETY: as the caller promises.
        unsafe { &*task.cast() }
    }

    /// Sends a signal: what can be interrupted ends.
    pub fn signal(&self) {
        let mut sleep = lock(&self.sleep);
        sleep.signal = true;
        if sleep.state & TASK_INTERRUPTIBLE != 0 {
            sleep.state = 0;
        }
        self.woken.notify_all();
    }

    /// Whether a signal waits.
    pub(super) fn signal_pending(&self) -> bool {
        lock(&self.sleep).signal
    }

    /// Lets a signal wait no more.
    pub fn clear_signal(&self) {
        lock(&self.sleep).signal = false;
    }

    /// The thread is about to sleep, until it is woken.
    pub(super) fn prepare(&self, state: u32) {
        lock(&self.sleep).state = state;
    }

    /// Wakes it, or keeps it from going to sleep; whether it was asleep, or about to be.
    pub(super) fn wake(&self) -> bool {
        let mut sleep = lock(&self.sleep);
        let slept = sleep.state != 0;
        sleep.state = 0;
        self.woken.notify_all();
        slept
    }

    /// Sleeps until it is woken, as it was [prepared](Self::prepare), or for so long: how much time is left.
    ///
    /// # Panics
    ///
    /// If it sleeps for ever.
    pub(super) fn sleep(&self, span: Option<Duration>) -> Duration {
        context::might_sleep();
        let started = Instant::now();
        let until = span.unwrap_or(PATIENCE);
        let mut sleep = lock(&self.sleep);
        loop {
            let interrupted = sleep.state & TASK_INTERRUPTIBLE != 0 && sleep.signal;
            let left = until.saturating_sub(started.elapsed());
            if sleep.state == 0 || interrupted || left.is_zero() {
                let woken = sleep.state == 0 || interrupted;
                sleep.state = 0;
                drop(sleep);
                assert!(
                    woken || span.is_some(),
                    "{} has slept for {PATIENCE:?}, and nobody wakes it",
                    self.name
                );
                return left;
            }
            sleep = self
                .woken
                .wait_timeout(sleep, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

/// Sleeps for a span, whatever comes.
pub(super) fn sleep_for(span: Duration) {
    context::might_sleep();
    std::thread::sleep(span);
}

/// Sleeps for a span, or until the thread is woken; how much is left.
pub(super) fn sleep_until_woken(span: Duration, interruptible: bool) -> Duration {
    let task = Task::current();
    task.prepare(if interruptible {
        TASK_INTERRUPTIBLE
    } else {
        TASK_UNINTERRUPTIBLE
    });
    task.sleep(Some(span))
}

/// Twin of `kx_current`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn current() -> *mut task_struct {
    // The thread has one itself as long as it runs.
    Task::current().as_raw()
}

/// Twin of `kx_get_task`.
///
/// # Safety
///
/// As for `kx_get_task`.
pub(crate) unsafe fn get(task: *mut task_struct) {
    machine().held.tasks.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the task lives, in an `Arc`.
    unsafe { Arc::increment_strong_count(task.cast::<Task>()) };
}

/// Twin of `kx_put_task`.
///
/// # Safety
///
/// As for `kx_put_task`.
pub(crate) unsafe fn put(task: *mut task_struct) {
    machine().held.tasks.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the caller has a reference, which `get` gave.
    unsafe { Arc::decrement_strong_count(task.cast::<Task>()) };
}

/// Twin of `kx_task_pid` and `kx_task_tgid`: each thread is a process.
///
/// # Safety
///
/// As for `kx_task_pid`.
pub(crate) unsafe fn pid(task: *mut task_struct) -> c_int {
    // SAFETY: the task lives.
    unsafe { Task::from_raw(task) }.pid
}

/// Twin of `kx_task_uid`.
///
/// # Safety
///
/// As for `kx_task_uid`.
pub(crate) unsafe fn uid(task: *mut task_struct) -> u32 {
    // SAFETY: the task lives.
    unsafe { Task::from_raw(task) }.cred.euid
}

/// Twin of `kx_task_comm`.
///
/// # Safety
///
/// As for `kx_task_comm`.
pub(crate) unsafe fn comm(task: *mut task_struct, name: *mut u8) {
    // SAFETY: the task lives.
    let task = unsafe { Task::from_raw(task) };
    let mut comm = [0; 16];
    let len = task.name.len().min(15);
    comm[..len].copy_from_slice(&task.name.as_bytes()[..len]);
    // SAFETY: there is room for 16 bytes.
    unsafe { name.cast::<[u8; 16]>().write(comm) };
}

/// Twin of `kx_task_group_leader`: each thread is a process.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn group_leader(task: *mut task_struct) -> *mut task_struct {
    task
}

/// Twin of `kx_task_signal_pending`.
///
/// # Safety
///
/// As for `kx_task_signal_pending`.
pub(crate) unsafe fn signal_pending(task: *mut task_struct) -> c_int {
    // SAFETY: the task lives.
    unsafe { Task::from_raw(task) }.signal_pending().into()
}

/// Twin of `kx_task_thread_flags`.
///
/// # Safety
///
/// As for `kx_task_thread_flags`.
pub(crate) unsafe fn thread_flags(task: *mut task_struct) -> usize {
    // SAFETY: the task lives.
    unsafe { Task::from_raw(task) }.signal_pending().into()
}

/// Twin of `kx_signal_flags`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn signal_flags() -> usize {
    1
}

/// Twin of `kx_task_wake_up`.
///
/// # Safety
///
/// As for `kx_task_wake_up`.
pub(crate) unsafe fn wake_up(task: *mut task_struct) {
    // SAFETY: the task lives.
    unsafe { Task::from_raw(task) }.wake();
}

/// Twin of `kx_cond_resched`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn cond_resched() {
    context::might_sleep();
    std::thread::yield_now();
}

/// Twin of `kx_might_sleep`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn might_sleep() {
    context::might_sleep();
}
