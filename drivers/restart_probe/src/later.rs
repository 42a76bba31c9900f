// SPDX-License-Identifier: GPL-2.0-only

//! What panics later, in no call of a file.

use kernel::{
    kthread,
    prelude::*,
    sync::{Arc, ArcBorrow},
    time::{
        Delta, Jiffies, Monotonic,
        delay::fsleep,
        hrtimer::{
            HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer, HrTimerRestart,
            RelativePinnedMode, impl_has_hr_timer,
        },
        timer::{Timer, TimerCallback, TimerPointer, impl_has_timer},
    },
    workqueue::{self, DelayedWork, WorkItem, impl_has_delayed_work, new_delayed_work},
};

use crate::Instance;

/// So long, in jiffies: an hour at least.
const LONG: Jiffies = 3600 * 1000;

/// A work for later, and timers of two kinds. Nobody keeps it but the kernel.
#[pin_data]
struct Item {
    instance: Arc<Instance>,
    #[pin]
    work: DelayedWork<Self>,
    #[pin]
    timer: Timer<Self>,
    #[pin]
    hard: HrTimer<Self>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Item { self.work }
}

impl_has_timer! {
    impl HasTimer<Self> for Item { self.timer }
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Item { mode: RelativePinnedMode<Monotonic>, field: self.hard }
}

impl Item {
    fn new(instance: &Arc<Instance>) -> Result<Arc<Self>> {
        let instance = instance.clone();
        let item = pin_init!(Self {
            instance,
            work <- new_delayed_work!("Item::work"),
            timer <- Timer::new(),
            hard <- HrTimer::new(),
        });
        Arc::pin_init(item, GFP_KERNEL)
    }
}

impl WorkItem for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        panic!("a work of instance {}", this.instance.number);
    }
}

impl TimerCallback for Item {
    fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
        panic!("a timer of instance {}", this.instance.number);
    }
}

impl HrTimerCallback for Item {
    type Pointer<'a> = Arc<Self>;

    fn run(
        this: ArcBorrow<'_, Self>,
        _context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        panic!("a hard timer of instance {}", this.instance.number);
    }
}

/// A work panics.
pub(crate) fn work(instance: &Arc<Instance>) -> Result {
    let _ = workqueue::system().enqueue_delayed(Item::new(instance)?, 1);
    Ok(())
}

/// It would, in an hour.
pub(crate) fn in_an_hour(instance: &Arc<Instance>) -> Result {
    let _ = workqueue::system().enqueue_delayed(Item::new(instance)?, LONG);
    Ok(())
}

/// A timer panics.
pub(crate) fn timer(instance: &Arc<Instance>) -> Result {
    let _armed = Item::new(instance)?.arm(1);
    fsleep(Delta::from_millis(50));
    Ok(())
}

/// A timer panics in a hard interrupt.
pub(crate) fn hrtimer(instance: &Arc<Instance>) -> Result {
    let _started = Item::new(instance)?.start(Delta::from_millis(1));
    fsleep(Delta::from_millis(50));
    Ok(())
}

/// A thread panics.
pub(crate) fn thread() -> Result {
    kthread::spawn(c"restart-probe", || panic!("a thread"))?.detach();
    Ok(())
}
