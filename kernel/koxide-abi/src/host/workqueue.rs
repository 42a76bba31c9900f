// SPDX-License-Identifier: GPL-2.0-only

//! Works and their queues.

use core::ffi::{c_char, c_int, c_void};
use std::sync::LazyLock;

use super::alloc::may_have;
use super::context;
use super::later::{Address, Call, Timer};
use super::machine::{Machine, current};
use super::time::{nanoseconds, span};
use super::wait::{number, set_number};
use super::works::{MANY, Queue, Work};
use crate::types::workqueue_struct;
use crate::{LockClass, SYSTEM_WQ_BH, SYSTEM_WQ_BH_HIGHPRI, WQ_ORDERED};

/// Twin of `kx_work_init`.
///
/// # Safety
///
/// As for `kx_work_init`.
pub(crate) unsafe fn init(
    work: *mut c_void,
    run: unsafe extern "C" fn(work: *mut c_void),
    _class: LockClass,
) {
    // SAFETY: the room is the caller's to initialise.
    let number = unsafe { set_number(work) };
    current().later.lock().works.insert(number, Work::new(run));
}

/// Twin of `kx_delayed_work_init`.
///
/// # Safety
///
/// As for `kx_delayed_work_init`.
pub(crate) unsafe fn init_delayed(
    work: *mut c_void,
    run: unsafe extern "C" fn(work: *mut c_void),
    class: LockClass,
    _timer: LockClass,
) {
    // SAFETY: the room is larger.
    unsafe { init(work, run, class) };
}

/// Twin of `kx_queue_work`.
///
/// # Safety
///
/// As for `kx_queue_work`.
pub(crate) unsafe fn queue(queue: *mut workqueue_struct, work: *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { queue_delayed(queue, work, 0) }
}

/// Twin of `kx_queue_delayed_work`.
///
/// # Safety
///
/// As for `kx_queue_delayed_work`.
pub(crate) unsafe fn queue_delayed(
    queue: *mut workqueue_struct,
    work: *mut c_void,
    delay: usize,
) -> c_int {
    // SAFETY: the work was made.
    let number = unsafe { number(work) };
    // SAFETY: the queue lives.
    let queue = unsafe { Queue::from_raw(queue) };
    let machine = current();
    let mut plan = machine.later.lock();
    let waits = |timer: &Timer| timer.due.is_some();
    if plan.timers.get(&number).is_some_and(waits) {
        return 0;
    }
    if delay == 0 {
        return machine
            .enqueue(&mut plan, number, Address(work), queue)
            .into();
    }
    if !plan.works[&number].is_free() {
        return 0;
    }
    let timer = Timer::new(work, Call::Work(queue));
    plan.timers.insert(number, timer);
    let delay = i64::try_from(span(delay).as_nanos()).unwrap_or(i64::MAX);
    machine.arm(&mut plan, number, nanoseconds().saturating_add(delay));
    1
}

/// Twin of `kx_cancel_work_sync` and `kx_cancel_delayed_work_sync`.
///
/// # Safety
///
/// As for `kx_cancel_work_sync`.
pub(crate) unsafe fn cancel_sync(work: *mut c_void) -> c_int {
    context::might_sleep();
    // SAFETY: the work was made.
    let number = unsafe { number(work) };
    current().cancel_work(number).into()
}

/// Twin of `kx_cancel_delayed_work`.
///
/// # Safety
///
/// As for `kx_cancel_delayed_work`.
pub(crate) unsafe fn cancel_delayed(work: *mut c_void) -> c_int {
    // SAFETY: the work was made.
    let number = unsafe { number(work) };
    let machine = current();
    let mut plan = machine.later.lock();
    let waited = Machine::call_off(&mut plan, number) | Machine::dequeue(&mut plan, number);
    waited.into()
}

/// Twin of `kx_delayed_work_waits_for`.
///
/// # Safety
///
/// As for `kx_delayed_work_waits_for`.
pub(crate) unsafe fn waits_for(work: *mut c_void, queue: *mut workqueue_struct) -> c_int {
    // SAFETY: the work was made.
    let number = unsafe { number(work) };
    let machine = current();
    let plan = machine.later.lock();
    let waits = plan.timers.get(&number).is_some_and(|timer| {
        let Call::Work(other) = timer.call else {
            return false;
        };
        timer.due.is_some() && (queue.is_null() || queue == other.as_raw())
    });
    waits.into()
}

/// Twin of `kx_flush_work`.
///
/// # Safety
///
/// As for `kx_flush_work`.
pub(crate) unsafe fn flush(work: *mut c_void) -> c_int {
    // SAFETY: the work was made.
    let number = unsafe { number(work) };
    current().flush(number).into()
}

/// Twin of `kx_flush_delayed_work`.
///
/// # Safety
///
/// As for `kx_flush_delayed_work`.
pub(crate) unsafe fn flush_delayed(work: *mut c_void) -> c_int {
    // SAFETY: the work was made.
    let number = unsafe { number(work) };
    let machine = current();
    {
        let mut plan = machine.later.lock();
        if let Some(timer) = plan.timers.get_mut(&number)
            && timer.due.take().is_some()
            && let (Call::Work(queue), at) = (timer.call, timer.at)
        {
            machine.enqueue(&mut plan, number, at, queue);
        }
    }
    machine.flush(number).into()
}

/// Twin of `kx_system_workqueue`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn system(which: u32) -> *mut workqueue_struct {
    static QUEUES: LazyLock<[Queue; 9]> = LazyLock::new(|| {
        core::array::from_fn(|which| {
            let softirq = [SYSTEM_WQ_BH as usize, SYSTEM_WQ_BH_HIGHPRI as usize];
            Queue::new(MANY, softirq.contains(&which))
        })
    });
    QUEUES[which as usize].as_raw()
}

/// Twin of `kx_alloc_workqueue`.
///
/// # Safety
///
/// As for `kx_alloc_workqueue`.
pub(crate) unsafe fn alloc(
    _name: *const c_char,
    flags: u32,
    max_active: u32,
) -> *mut workqueue_struct {
    if !may_have() {
        return core::ptr::null_mut();
    }
    let most = match max_active {
        _ if flags & WQ_ORDERED != 0 => 1,
        0 => MANY,
        most => most as usize,
    };
    Box::into_raw(Box::new(Queue::new(most, false))).cast()
}

/// Twin of `kx_destroy_workqueue`.
///
/// # Safety
///
/// As for `kx_destroy_workqueue`.
pub(crate) unsafe fn destroy(queue: *mut workqueue_struct) {
    // SAFETY: the queue lives.
    unsafe { drain(queue) };
    // SAFETY: `alloc` made it of a box, and no work is in it.
    drop(unsafe { Box::from_raw(queue.cast::<Queue>()) });
}

/// Twin of `kx_flush_workqueue`.
///
/// # Safety
///
/// As for `kx_flush_workqueue`.
pub(crate) unsafe fn flush_all(queue: *mut workqueue_struct) {
    // SAFETY: the queue lives.
    let queue = unsafe { Queue::from_raw(queue) };
    current().flush_queue(queue);
}

/// Twin of `kx_drain_workqueue`.
///
/// # Safety
///
/// As for `kx_drain_workqueue`.
pub(crate) unsafe fn drain(queue: *mut workqueue_struct) {
    // SAFETY: the queue lives.
    let queue = unsafe { Queue::from_raw(queue) };
    while current().flush_queue(queue) {}
}
