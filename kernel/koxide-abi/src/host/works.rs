// SPDX-License-Identifier: GPL-2.0-only

//! Works that run: each on a thread of its own, as many at a time as its queue allows.

use core::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::context;
use super::later::{Address, Plan};
use super::machine::Machine;
use crate::types::workqueue_struct;

/// How many works of a queue run at a time, if nothing else is said.
pub(super) const MANY: usize = 256;

/// What stands for a queue.
pub(super) struct Queue {
    most: usize,
    running: AtomicUsize,
    /// Its works run in a softirq.
    bh: bool,
}

impl Queue {
    pub(super) fn new(most: usize, bh: bool) -> Self {
        Self {
            most,
            running: AtomicUsize::new(0),
            bh,
        }
    }

    /// The queue at an address.
    ///
    /// # Safety
    ///
    /// It was made here, and is not freed as long as a work is in it.
    pub(super) unsafe fn from_raw(queue: *mut workqueue_struct) -> &'static Self {
        // SAFETY: as the caller promises; who uses it does not use it for longer.
        unsafe { &*queue.cast() }
    }

    /// Its address, as the shims take it.
    pub(super) fn as_raw(&self) -> *mut workqueue_struct {
        (&raw const *self).cast_mut().cast()
    }
}

/// What is known of a work.
pub(super) struct Work {
    run: unsafe extern "C" fn(work: *mut c_void),
    /// Where it is queued, and by which pointer.
    queued: Option<(&'static Queue, Address)>,
    /// Where it runs.
    running: Option<&'static Queue>,
    /// How often it has run.
    done: u64,
    /// Somebody waits for it not to run, and it cannot be queued meanwhile.
    cancelled: u32,
}

impl Work {
    pub(super) fn new(run: unsafe extern "C" fn(work: *mut c_void)) -> Self {
        Self {
            run,
            queued: None,
            running: None,
            done: 0,
            cancelled: 0,
        }
    }

    /// Whether it may be put into a queue.
    pub(super) fn is_free(&self) -> bool {
        self.queued.is_none() && self.cancelled == 0
    }

    /// How often it has run when all is done that there is to do now.
    fn all_done(&self) -> u64 {
        self.done + u64::from(self.running.is_some()) + u64::from(self.queued.is_some())
    }

    /// Whether it is in a queue, or one of its works that runs.
    fn is_of(&self, queue: &Queue) -> bool {
        let is = |other: &Queue| core::ptr::eq(other, queue);
        self.queued.is_some_and(|(other, _)| is(other)) || self.running.is_some_and(is)
    }
}

impl Machine {
    /// Puts a work into a queue, unless it is in one; whether it was not.
    pub(super) fn enqueue(
        self: &Arc<Self>,
        plan: &mut Plan,
        number: u64,
        at: Address,
        queue: &'static Queue,
    ) -> bool {
        let work = plan.works.get_mut(&number).expect("a work was made");
        if !work.is_free() {
            return false;
        }
        work.queued = Some((queue, at));
        plan.queued.push_back(number);
        self.dispatch(plan);
        true
    }

    /// Runs what may run now.
    fn dispatch(self: &Arc<Self>, plan: &mut Plan) {
        let mut waiting = core::mem::take(&mut plan.queued);
        waiting.retain(|number| {
            let Some(work) = plan.works.get_mut(number) else {
                return false;
            };
            let Some((queue, at)) = work.queued else {
                return false;
            };
            if work.running.is_some() || queue.running.load(Ordering::Relaxed) >= queue.most {
                return true;
            }
            work.queued = None;
            work.running = Some(queue);
            queue.running.fetch_add(1, Ordering::Relaxed);
            let (machine, run, number) = (self.clone(), work.run, *number);
            self.spawn("kworker", move || machine.work(number, run, at, queue));
            false
        });
        plan.queued = waiting;
    }

    /// The body of a worker.
    fn work(
        self: &Arc<Self>,
        number: u64,
        run: unsafe extern "C" fn(work: *mut c_void),
        at: Address,
        queue: &'static Queue,
    ) {
        if queue.bh {
            context::enter_atomic();
        }
        // SAFETY: it was queued, and was taken out to be run. It may be gone after this.
        unsafe { run(at.0) };
        if queue.bh {
            context::leave_atomic();
        }
        let mut plan = self.later.lock();
        if let Some(work) = plan.works.get_mut(&number) {
            work.running = None;
            work.done += 1;
        }
        queue.running.fetch_sub(1, Ordering::Relaxed);
        self.dispatch(&mut plan);
        self.later.changed();
    }

    /// Takes a work out of its queue; whether it was in one.
    pub(super) fn dequeue(plan: &mut Plan, number: u64) -> bool {
        let work = plan.works.get_mut(&number).expect("a work was made");
        let queued = work.queued.take().is_some();
        plan.queued.retain(|other| *other != number);
        queued
    }

    /// Takes a delayed work from its timer; whether it waited for it.
    pub(super) fn call_off(plan: &mut Plan, number: u64) -> bool {
        let timer = plan.timers.get_mut(&number);
        timer.is_some_and(|timer| timer.due.take().is_some())
    }

    /// Takes a work from wherever it waits, and waits until it does not run.
    pub(super) fn cancel_work(&self, number: u64) -> bool {
        let mut plan = self.later.lock();
        let waited = Self::call_off(&mut plan, number) | Self::dequeue(&mut plan, number);
        let runs = |plan: &mut Plan, change: fn(&mut u32)| {
            let work = plan.works.get_mut(&number).expect("a work was made");
            change(&mut work.cancelled);
            work.running.is_some()
        };
        let mut running = runs(&mut plan, |cancelled| *cancelled += 1);
        while running {
            plan = self.later.wait(plan);
            running = runs(&mut plan, |_| ());
        }
        runs(&mut plan, |cancelled| *cancelled -= 1);
        waited
    }

    /// Waits until works have run as often as said.
    fn wait_for(&self, works: &[(u64, u64)]) {
        let mut plan = self.later.lock();
        let done = |plan: &Plan, (number, times): &(u64, u64)| {
            let work = &plan.works[number];
            work.done >= *times || (work.queued.is_none() && work.running.is_none())
        };
        while !works.iter().all(|work| done(&plan, work)) {
            plan = self.later.wait(plan);
        }
    }

    /// Waits until a work has run; whether there was something to wait for.
    pub(super) fn flush(&self, number: u64) -> bool {
        context::might_sleep();
        let target = {
            let plan = self.later.lock();
            let work = &plan.works[&number];
            (work.all_done() > work.done).then(|| work.all_done())
        };
        if let Some(target) = target {
            self.wait_for(&[(number, target)]);
        }
        target.is_some()
    }

    /// Waits until all works have run that are in a queue now; whether there were any.
    pub(super) fn flush_queue(&self, queue: &Queue) -> bool {
        context::might_sleep();
        let targets: Vec<_> = {
            let plan = self.later.lock();
            let works = plan.works.iter().filter(|(_, work)| work.is_of(queue));
            works
                .map(|(number, work)| (*number, work.all_done()))
                .collect()
        };
        self.wait_for(&targets);
        !targets.is_empty()
    }
}
