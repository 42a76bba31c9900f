// SPDX-License-Identifier: GPL-2.0-only

//! What all callbacks know: the locks, and the plan.

use kernel::{
    prelude::*,
    sync::{
        Arc,
        atomic::{Atomic, Full},
    },
};

use crate::hold::{self, Locks};
use crate::plan::{Place, Plan};

/// What all callbacks know.
#[pin_data(PinnedDrop)]
pub(crate) struct Shared {
    /// The number of what is to happen next.
    plan: Atomic<u64>,
    #[pin]
    locks: Locks,
}

impl Shared {
    /// Nothing is to happen.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let shared = try_pin_init!(Self {
            plan: Atomic::new(0),
            locks <- Locks::new(),
        });
        Arc::pin_init(shared, GFP_KERNEL)
    }

    /// Says what is to happen.
    pub(crate) fn arm(&self, plan: Plan) {
        self.plan.xchg(plan.number(), Full);
    }

    /// A callback calls it: what is planned for this place happens, once.
    pub(crate) fn reach(&self, place: Place) -> Result {
        let number = self.plan.load(kernel::sync::atomic::Acquire);
        match Plan::of_number(number) {
            Some(plan) if plan.place() == Some(place) => {
                if self.plan.cmpxchg(number, 0, Full).is_err() {
                    return Ok(());
                }
                hold::from(0, plan, &self.locks)
            }
            _ => Ok(()),
        }
    }
}

#[pinned_drop]
impl PinnedDrop for Shared {
    fn drop(self: Pin<&mut Self>) {
        match self.locks.held() {
            None => pr_info!("all locks are free\n"),
            Some(lock) => pr_err!("nobody unlocked the {lock}\n"),
        }
    }
}
