// SPDX-License-Identifier: GPL-2.0-only

//! What is still pending when the module goes, on request.

use core::sync::atomic::{AtomicU32, Ordering};

use kernel::{
    kthread,
    prelude::*,
    sync::{Arc, ArcBorrow},
    time::{
        Delta, Jiffies, Monotonic,
        delay::fsleep,
        hrtimer::{
            HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer, HrTimerRestart,
            RelativeMode, impl_has_hr_timer,
        },
        msecs_to_jiffies,
        timer::{Timer, TimerCallback, TimerPointer, impl_has_timer},
    },
    workqueue::{self, DelayedWork, Queue, WorkItem, impl_has_delayed_work, new_delayed_work},
};

/// Leaves something behind, which the module's exit has to end.
pub(crate) fn leave(what: u32) -> Result {
    match what {
        1 => forget_a_thread(),
        2 => forget_a_thread().and(Err(EBUSY)),
        3 => Rearmed::start(msecs_to_jiffies(10_000)),
        4 => Rearmed::start(0),
        5 => Ok(workqueue::system_long().try_spawn(GFP_KERNEL, || {
            fsleep(Delta::from_millis(1000));
            pr_info!("the long work has ended\n");
        })?),
        6 => Timers::forget(Delta::from_micros(200), 1),
        7 => Timers::forget(Delta::from_secs(10), msecs_to_jiffies(10_000)),
        8 => (0..100).try_for_each(|_| again()),
        9 => leave_a_work_in_a_queue(),
        10 => give_up_threads(),
        _ => Ok(()),
    }
}

/// Starts a thread that nobody will stop.
fn forget_a_thread() -> Result {
    let thread = kthread::spawn(c"kx-forgotten", || {
        while kthread::sleep(Delta::from_secs(3600)) {}
        fsleep(Delta::from_millis(100));
        pr_info!("the forgotten thread has ended\n");
    })?;
    core::mem::forget(thread);
    Ok(())
}

/// Queues a closure that queues itself again, until that is refused.
fn again() -> Result {
    workqueue::system_unbound().try_spawn(GFP_KERNEL, || {
        let _ = again();
    })?;
    Ok(())
}

/// Has a delayed work whose time has come wait behind another one, in a queue that goes with its thread.
fn leave_a_work_in_a_queue() -> Result {
    let queue = Queue::new_ordered().build(c"kx-left")?;
    queue.try_spawn(GFP_KERNEL, || fsleep(Delta::from_millis(1000)))?;
    let item = Rearmed::new()?;
    kthread::spawn(c"kx-queue", move || {
        let queued = queue.enqueue_delayed(item, 0);
        drop(queued);
        while kthread::sleep(Delta::from_secs(3600)) {}
    })?
    .detach();
    // The work is in the queue when the module is loaded.
    fsleep(Delta::from_millis(100));
    Ok(())
}

/// Starts threads that nobody waits for, one after the other.
fn give_up_threads() -> Result {
    for _ in 0..400 {
        let thread = kthread::spawn(c"kx-given-up", || ())?;
        while !thread.is_finished() {
            fsleep(Delta::from_micros(100));
        }
        thread.detach();
    }
    Ok(())
}

/// A work that is queued again each time that it has run.
#[pin_data(PinnedDrop)]
struct Rearmed {
    #[pin]
    work: DelayedWork<Rearmed>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Rearmed { self.work }
}

impl Rearmed {
    fn new() -> Result<Arc<Self>> {
        let item = pin_init!(Self { work <- new_delayed_work!("Rearmed::work") });
        Arc::pin_init(item, GFP_KERNEL)
    }

    fn start(delay: usize) -> Result {
        workqueue::system()
            .enqueue_delayed(Self::new()?, delay)
            .map_err(|_| EBUSY)
    }
}

impl WorkItem for Rearmed {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        pr_info!("the work has run\n");
        // When the module goes it comes back, and is dropped.
        let _ = workqueue::system().enqueue_delayed(this, msecs_to_jiffies(20));
    }
}

#[pinned_drop]
impl PinnedDrop for Rearmed {
    fn drop(self: Pin<&mut Self>) {
        pr_info!("the work was dropped\n");
    }
}

/// Two timers, which say once that their time has come, and come again and again.
#[pin_data]
struct Timers {
    delay: Delta,
    said: AtomicU32,
    #[pin]
    fine: HrTimer<Timers>,
    #[pin]
    coarse: Timer<Timers>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Timers {
        mode: RelativeMode<Monotonic>, field: self.fine
    }
}

impl_has_timer! {
    impl HasTimer<Self> for Timers { self.coarse }
}

impl Timers {
    /// Starts both, and forgets their handles.
    fn forget(delay: Delta, ticks: Jiffies) -> Result {
        let timers = pin_init!(Self {
            delay,
            said: AtomicU32::new(0),
            fine <- HrTimer::new(),
            coarse <- Timer::new(),
        });
        let timers: Arc<Self> = Arc::pin_init(timers, GFP_KERNEL)?;
        core::mem::forget((timers.clone().start(delay), timers.arm(ticks)));
        Ok(())
    }

    /// Says it once for each of the two.
    fn say(&self, which: u32) {
        if self.said.fetch_or(which, Ordering::Relaxed) & which == 0 {
            pr_info!("the timer {} has come\n", which);
        }
    }
}

impl HrTimerCallback for Timers {
    type Pointer<'a> = Arc<Self>;

    fn run(
        this: ArcBorrow<'_, Self>,
        mut context: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        this.say(1);
        context.forward_now(this.delay);
        HrTimerRestart::Restart
    }
}

impl TimerCallback for Timers {
    fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
        this.say(2);
        Some(1)
    }
}
