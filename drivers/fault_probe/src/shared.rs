// SPDX-License-Identifier: GPL-2.0-only

//! What all callbacks know: the locks, and the plan.

use kernel::{
    interrupt::Nesting,
    prelude::*,
    sync::{
        Arc, Completion, WaitQueue,
        atomic::{Acquire, Atomic, Full, Relaxed, Release},
        new_waitqueue,
    },
    time::{Delta, delay::fsleep, msecs_to_jiffies},
};

use crate::hold::{self, Locks};
use crate::plan::{Place, Plan};

/// What all callbacks know.
#[pin_data(PinnedDrop)]
pub(crate) struct Shared {
    /// The number of what is to happen next.
    plan: Atomic<u64>,
    /// Those of threads, of works in softirqs, of softirqs, and of hard interrupts.
    #[pin]
    locks: Locks,
    #[pin]
    work_locks: Locks,
    #[pin]
    soft_locks: Locks,
    #[pin]
    hard_locks: Locks,
    /// How often [`called`](Self::called) was since [`begin`](Self::begin).
    calls: Atomic<u32>,
    #[pin]
    over: Completion,
    #[pin]
    queue: WaitQueue,
}

impl Shared {
    /// Nothing is to happen.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let shared = try_pin_init!(Self {
            plan: Atomic::new(0),
            locks <- hold::of_threads(),
            work_locks <- hold::of_soft_works(),
            soft_locks <- hold::of_softirqs(),
            hard_locks <- hold::of_interrupts(),
            calls: Atomic::new(0),
            over <- Completion::new(),
            queue <- new_waitqueue!(),
        });
        Arc::pin_init(shared, GFP_KERNEL)
    }

    /// Says what is to happen.
    pub(crate) fn arm(&self, plan: Plan) {
        self.plan.store(plan.number(), Release);
    }

    /// A callback calls it: what is planned for this place happens, once.
    pub(crate) fn reach(&self, place: Place) -> Result {
        let number = self.plan.load(Acquire);
        match Plan::of_number(number) {
            Some(plan) if plan.place() == Some(place) => {
                if self.plan.cmpxchg(number, 0, Full).is_err() {
                    return Ok(());
                }
                let _witness = Witness::new();
                let locks = match place {
                    Place::SoftWork => &self.work_locks,
                    place if place.is_hard() => &self.hard_locks,
                    place if place.is_soft() => &self.soft_locks,
                    _ => &self.locks,
                };
                hold::from(0, plan, locks)
            }
            _ => Ok(()),
        }
    }

    /// As [`reach`](Self::reach), for a callback that somebody waits for, and that cannot fail.
    pub(crate) fn called(&self, place: Place) {
        let _called = Called(self);
        let _ = self.reach(place);
    }

    /// How often that was since [`begin`](Self::begin).
    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Relaxed)
    }

    /// Before something is started.
    pub(crate) fn begin(&self) {
        self.calls.store(0, Relaxed);
        self.over.reinit();
    }

    /// Waits until it was called, and a little more: it may come again. Says how often it did.
    pub(crate) fn finished(&self) {
        let _ = self
            .over
            .wait_for_completion_timeout(msecs_to_jiffies(5000));
        fsleep(Delta::from_millis(20));
        pr_info!("called {} times\n", self.calls());
    }

    /// Waits for what does not come; the condition is looked at before, and again in the queue.
    pub(crate) fn wait(&self) -> Result {
        let (mut looked, mut result) = (0, Ok(()));
        // The time is over before anything comes.
        let _ = self.queue.wait_event_timeout(1, || {
            looked += 1;
            if looked == 2 {
                result = self.reach(Place::Wait);
            }
            false
        });
        result
    }
}

#[pinned_drop]
impl PinnedDrop for Shared {
    fn drop(self: Pin<&mut Self>) {
        // Whoever was left in the queue is looked at now.
        self.queue.wake_up();
        let locks = [
            &self.locks,
            &self.work_locks,
            &self.soft_locks,
            &self.hard_locks,
        ];
        for locks in locks {
            match locks.held() {
                None => pr_info!("all locks are free\n"),
                Some(lock) => pr_err!("nobody unlocked the {lock}\n"),
            }
        }
    }
}

/// Remembers a call.
struct Called<'a>(&'a Shared);

impl Drop for Called<'_> {
    fn drop(&mut self) {
        self.0.calls.fetch_add(1, Relaxed);
        self.0.over.complete();
    }
}

/// In the outermost frame: sees whether what keeps others from this CPU is as it was.
struct Witness(Nesting);

impl Witness {
    fn new() -> Self {
        let now = Nesting::now();
        pr_info!("entered with {now:?}\n");
        Self(now)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let now = Nesting::now();
        if now == self.0 {
            pr_info!("left as it was entered\n");
        } else {
            pr_err!("left with {now:?}\n");
        }
    }
}
