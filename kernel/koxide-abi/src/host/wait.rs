// SPDX-License-Identifier: GPL-2.0-only

//! Wait queues: a number in the room of each says which it is.

use core::ffi::{c_int, c_long, c_uint, c_void};
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use super::context;
use super::machine::lock;
use super::task::Task;
use super::time::{jiffies, span};
use crate::{LockClass, TASK_INTERRUPTIBLE};

/// `-ERESTARTSYS`.
pub(super) const INTERRUPTED: c_long = -512;

/// Who waits in which queue.
static QUEUES: LazyLock<Mutex<HashMap<u64, Vec<Waiter>>>> = LazyLock::new(Mutex::default);

/// A thread in a queue.
struct Waiter {
    /// Where its entry is; nowhere for one that polls.
    entry: usize,
    task: Arc<Task>,
    exclusive: bool,
}

/// A number for something that has room in the driver's memory.
///
/// What the fake kernel knows of it is found by this number. It is read each time, so that Miri sees it when the room is
/// gone, and it is never 0, so that room that was not initialised is noticed.
pub(super) fn new_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Writes a number into its room.
///
/// # Safety
///
/// `room` is writable and aligned for 8 bytes, which nothing else uses.
pub(super) unsafe fn set_number(room: *mut c_void) -> u64 {
    let number = new_number();
    // SAFETY: as the caller promises.
    unsafe { room.cast::<u64>().write(number) };
    number
}

/// Reads a number from its room.
///
/// # Safety
///
/// [`set_number`] wrote it there, or the room is at least readable.
pub(super) unsafe fn number(room: *mut c_void) -> u64 {
    // SAFETY: as the caller promises; nobody writes it any more.
    let number = unsafe { room.cast::<u64>().read() };
    assert!(number != 0, "what is used was not initialised");
    number
}

/// Twin of `kx_init_waitqueue_head`.
///
/// # Safety
///
/// As for `kx_init_waitqueue_head`.
pub(crate) unsafe fn init(head: *mut c_void, _class: LockClass) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { init_unclassed(head) };
}

/// Makes a wait queue that has no class of its own.
///
/// # Safety
///
/// As for `kx_init_waitqueue_head`.
pub(super) unsafe fn init_unclassed(head: *mut c_void) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { set_number(head) };
}

/// Twin of `kx_init_wait_entry`.
///
/// # Safety
///
/// As for `kx_init_wait_entry`.
pub(crate) unsafe fn init_entry(entry: *mut c_void, _flags: c_int) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { set_number(entry) };
}

/// Puts the running thread into a queue, unless it is there, and gets it ready to sleep.
///
/// # Safety
///
/// As for `kx_prepare_to_wait_exclusive`.
unsafe fn prepare(head: *mut c_void, entry: *mut c_void, state: c_uint, exclusive: bool) {
    // SAFETY: the entry was initialised by this thread.
    unsafe { number(entry) };
    // SAFETY: the queue was initialised.
    let queue = unsafe { number(head) };
    let mut queues = lock(&QUEUES);
    let waiters = queues.entry(queue).or_default();
    if !waiters.iter().any(|waiter| waiter.entry == entry.addr()) {
        waiters.push(Waiter {
            entry: entry.addr(),
            task: Task::current(),
            exclusive,
        });
    }
    Task::current().prepare(state);
}

/// Twin of `kx_prepare_to_wait_exclusive`.
///
/// # Safety
///
/// As for `kx_prepare_to_wait_exclusive`.
pub(crate) unsafe fn prepare_exclusive(head: *mut c_void, entry: *mut c_void, state: c_uint) {
    // SAFETY: the contract is the same.
    unsafe { prepare(head, entry, state, true) };
}

/// Twin of `kx_prepare_to_wait_event`.
///
/// # Safety
///
/// As for `kx_prepare_to_wait_event`.
pub(crate) unsafe fn prepare_event(head: *mut c_void, entry: *mut c_void, state: c_uint) -> c_long {
    if state & TASK_INTERRUPTIBLE != 0 && Task::current().signal_pending() {
        // SAFETY: the contract is the same.
        unsafe { take_out(head, entry) };
        return INTERRUPTED;
    }
    // SAFETY: the contract is the same.
    unsafe { prepare(head, entry, state, false) };
    0
}

/// Takes an entry out of a queue.
///
/// # Safety
///
/// The queue was initialised.
unsafe fn take_out(head: *mut c_void, entry: *mut c_void) {
    // SAFETY: as the caller promises.
    let queue = unsafe { number(head) };
    if let Some(waiters) = lock(&QUEUES).get_mut(&queue) {
        waiters.retain(|waiter| waiter.entry != entry.addr());
    }
}

/// Twin of `kx_finish_wait`.
///
/// # Safety
///
/// As for `kx_finish_wait`.
pub(crate) unsafe fn finish(head: *mut c_void, entry: *mut c_void) {
    // SAFETY: the queue was initialised.
    unsafe { take_out(head, entry) };
    Task::current().prepare(0);
}

/// Twin of `kx_schedule_timeout`.
///
/// # Safety
///
/// As for `kx_schedule_timeout`.
pub(crate) unsafe fn schedule_timeout(timeout: c_long) -> c_long {
    let wanted = (timeout != c_long::MAX).then(|| span(timeout.cast_unsigned() as usize));
    let left = Task::current().sleep(wanted);
    match wanted {
        Some(_) => jiffies(left) as c_long,
        None => c_long::MAX,
    }
}

/// Twin of `kx_wake_up`.
///
/// # Safety
///
/// As for `kx_wake_up`.
pub(crate) unsafe fn wake(head: *mut c_void, _mode: c_uint, exclusive: c_int, _key: *mut c_void) {
    // SAFETY: the contract is the same.
    unsafe { wake_some(head, exclusive) };
}

/// Wakes all entries that are not exclusive, and so many of the others; 0 for all.
///
/// # Safety
///
/// As for `kx_wake_up`.
pub(super) unsafe fn wake_some(head: *mut c_void, exclusive: c_int) {
    // SAFETY: the queue was initialised.
    let queue = unsafe { number(head) };
    let mut queues = lock(&QUEUES);
    let Some(waiters) = queues.get_mut(&queue) else {
        return;
    };
    // Who polls stays until it has looked.
    let mut left = exclusive;
    let mut done = false;
    waiters.retain(|waiter| {
        if done {
            return true;
        }
        let woken = waiter.task.wake();
        if woken && waiter.exclusive {
            left -= 1;
            done = left == 0;
        }
        !woken || waiter.entry == POLLS
    });
}

/// Twin of `kx_wake_up_sync`.
///
/// # Safety
///
/// As for `kx_wake_up_sync`.
pub(crate) unsafe fn wake_one(head: *mut c_void) {
    // SAFETY: the contract is the same.
    unsafe { wake_some(head, 1) };
}

/// The entry of a thread that polls.
const POLLS: usize = 0;

/// What stands for a `poll_table`: the queues that a thread polls on.
#[derive(Default)]
pub(super) struct PollTable {
    queues: Vec<u64>,
}

impl PollTable {
    /// Its address, as the operations take it.
    pub(super) fn as_raw(&mut self) -> *mut crate::types::poll_table_struct {
        (&raw mut *self).cast()
    }

    /// Sleeps until one of the queues is woken, or for so long.
    pub(super) fn sleep(&self, span: Duration) {
        Task::current().sleep(Some(span));
    }

    /// The thread is about to look, and to sleep if there is nothing.
    pub(super) fn prepare(&self) {
        Task::current().prepare(TASK_INTERRUPTIBLE);
    }
}

impl Drop for PollTable {
    fn drop(&mut self) {
        let this = Task::current();
        this.prepare(0);
        let mut queues = lock(&QUEUES);
        for queue in &self.queues {
            if let Some(waiters) = queues.get_mut(queue) {
                waiters.retain(|w| w.entry != POLLS || !Arc::ptr_eq(&w.task, &this));
            }
        }
    }
}

/// Twin of `kx_poll_wait`.
///
/// # Safety
///
/// As for `kx_poll_wait`.
pub(crate) unsafe fn poll_wait(
    _file: *mut crate::types::file,
    head: *mut c_void,
    table: *mut crate::types::poll_table_struct,
) {
    context::might_sleep();
    // SAFETY: the queue was initialised.
    let queue = unsafe { number(head) };
    // SAFETY: the table is null, or that of a poll on this thread.
    let Some(table) = (unsafe { table.cast::<PollTable>().as_mut() }) else {
        return;
    };
    if table.queues.contains(&queue) {
        return;
    }
    table.queues.push(queue);
    lock(&QUEUES).entry(queue).or_default().push(Waiter {
        entry: POLLS,
        task: Task::current(),
        exclusive: false,
    });
}

/// Twin of `kx_end_polls`.
///
/// # Safety
///
/// As for `kx_end_polls`.
pub(crate) unsafe fn end_polls(head: *mut c_void) {
    // SAFETY: the queue was initialised.
    let queue = unsafe { number(head) };
    for waiter in lock(&QUEUES).remove(&queue).into_iter().flatten() {
        waiter.task.wake();
    }
}
