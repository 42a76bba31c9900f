// SPDX-License-Identifier: GPL-2.0-only

//! What a machine does later: timers whose time comes, and works in queues.

use core::ffi::{c_int, c_void};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::context;
use super::machine::{Machine, lock};
use super::time::nanoseconds;
use super::works::{Queue, Work};

/// All that is to happen later.
#[derive(Default)]
pub(super) struct Later {
    plan: Mutex<Plan>,
    changed: Condvar,
}

/// Under one lock, so that nothing happens between two looks at it.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) timers: HashMap<u64, Timer>,
    pub(super) works: HashMap<u64, Work>,
    /// The works that are queued, in their order.
    pub(super) queued: VecDeque<u64>,
    /// Whether there is a thread that waits for timers.
    ticking: bool,
}

/// An address of something in the driver's memory.
#[derive(Clone, Copy)]
pub(super) struct Address(pub(super) *mut c_void);

// SAFETY: it is only given back to the driver.
unsafe impl Send for Address {}

/// What is called when a timer's time has come.
#[derive(Clone, Copy)]
pub(super) enum Call {
    /// The function of a `struct timer_list`.
    Timer(unsafe extern "C" fn(timer: *mut c_void)),
    /// The function of a `struct hrtimer`, which says whether it is started again.
    HrTimer(unsafe extern "C" fn(timer: *mut c_void) -> c_int),
    /// A work is put into a queue.
    Work(&'static Queue),
}

/// A timer of any kind.
pub(super) struct Timer {
    pub(super) at: Address,
    pub(super) call: Call,
    /// When it is due, if it is started.
    pub(super) due: Option<i64>,
    /// The time that it was set to last.
    pub(super) expires: i64,
    pub(super) running: bool,
    /// It cannot be started any more.
    pub(super) shut_down: bool,
}

impl Timer {
    pub(super) fn new(at: *mut c_void, call: Call) -> Self {
        Self {
            at: Address(at),
            call,
            due: None,
            expires: 0,
            running: false,
            shut_down: false,
        }
    }
}

impl Later {
    pub(super) fn lock(&self) -> MutexGuard<'_, Plan> {
        lock(&self.plan)
    }

    /// Waits until something has changed.
    pub(super) fn wait<'p>(&self, plan: MutexGuard<'p, Plan>) -> MutexGuard<'p, Plan> {
        context::might_sleep();
        self.changed
            .wait(plan)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait that something has changed.
    pub(super) fn changed(&self) {
        self.changed.notify_all();
    }
}

impl Machine {
    /// Starts a timer: whether it was started before.
    pub(super) fn arm(self: &Arc<Self>, plan: &mut Plan, number: u64, due: i64) -> bool {
        let timer = plan.timers.get_mut(&number).expect("a timer was made");
        if timer.shut_down {
            return false;
        }
        let before = timer.due.replace(due);
        timer.expires = due;
        self.later.changed();
        if !plan.ticking {
            plan.ticking = true;
            let machine = self.clone();
            self.spawn("timers", move || machine.tick());
        }
        before.is_some()
    }

    /// Waits for timers, as long as one is started.
    fn tick(self: &Arc<Self>) {
        let mut plan = self.later.lock();
        loop {
            let due = |(number, timer): (&u64, &Timer)| Some((timer.due?, *number));
            let Some((due, number)) = plan.timers.iter().filter_map(due).min() else {
                plan.ticking = false;
                return;
            };
            let left = due - nanoseconds();
            if left > 0 {
                let left = Duration::from_nanos(left.cast_unsigned());
                let waited = self.later.changed.wait_timeout(plan, left);
                plan = waited.unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            plan = self.expire(plan, number);
        }
    }

    /// A timer's time has come.
    fn expire<'p>(
        self: &'p Arc<Self>,
        mut plan: MutexGuard<'p, Plan>,
        number: u64,
    ) -> MutexGuard<'p, Plan> {
        let Some(timer) = plan.timers.get_mut(&number) else {
            return plan;
        };
        timer.due = None;
        let (at, call) = (timer.at, timer.call);
        if let Call::Work(queue) = call {
            self.enqueue(&mut plan, number, at, queue);
            return plan;
        }
        timer.running = true;
        drop(plan);
        context::enter_atomic();
        let again = match call {
            // SAFETY: it was started, and its time has come.
            Call::Timer(run) => unsafe {
                run(at.0);
                false
            },
            // SAFETY: it was started as a timer of this kind, and its time has come.
            Call::HrTimer(run) => unsafe { run(at.0) != 0 },
            Call::Work(_) => false,
        };
        context::leave_atomic();
        let mut plan = self.later.lock();
        if let Some(timer) = plan.timers.get_mut(&number) {
            timer.running = false;
            if again && timer.due.is_none() {
                timer.due = Some(timer.expires);
            }
        }
        self.later.changed();
        plan
    }

    /// Stops a timer when its function is not called: whether it was started.
    pub(super) fn cancel(&self, number: u64, for_ever: bool) -> bool {
        let mut plan = self.later.lock();
        loop {
            let timer = plan.timers.get_mut(&number).expect("a timer was made");
            timer.shut_down |= for_ever;
            if !timer.running {
                return timer.due.take().is_some();
            }
            plan = self.later.wait(plan);
        }
    }

    /// Stops a timer: 1 when it was started, 0 when it was not, -1 when its function is called.
    pub(super) fn try_to_cancel(&self, number: u64) -> c_int {
        let mut plan = self.later.lock();
        let timer = plan.timers.get_mut(&number).expect("a timer was made");
        if timer.running {
            -1
        } else {
            c_int::from(timer.due.take().is_some())
        }
    }
}
