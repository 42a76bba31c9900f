// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel calls later, or elsewhere: works, timers, threads. A write of a plan for one of them starts it, and waits.

use kernel::{
    kthread,
    pin_init::stack_pin_init,
    prelude::*,
    sync::{Arc, ArcBorrow},
    time::{
        Delta, Jiffies, Monotonic,
        delay::fsleep,
        hrtimer::{
            HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerPointer, HrTimerRestart,
            RelativePinnedMode, RelativeSoftMode, ScopedHrTimerPointer, impl_has_hr_timer,
        },
        timer::{Timer, TimerCallback, TimerPointer, impl_has_timer},
    },
    workqueue::{
        self, DelayedWork, Work, WorkItem, impl_has_delayed_work, impl_has_work, new_delayed_work,
        new_work,
    },
};

use crate::plan::Place;
use crate::shared::Shared;

/// How long it is until a timer comes, and comes again.
const SOON: Delta = Delta::from_millis(1);

/// How many times works and timers come if nothing keeps them from it.
const OFTEN: u32 = 3;

/// Starts what is to happen there, and waits until it has; nothing if it happens by itself.
pub(crate) fn start(shared: &Arc<Shared>, place: Place) -> Result {
    shared.begin();
    match place {
        Place::Work => {
            let item = Item::new(shared)?;
            let _ = workqueue::system().enqueue::<_, 0>(item);
            shared.finished();
        }
        Place::DelayedWork => {
            let item = Item::new(shared)?;
            let _ = workqueue::system().enqueue_delayed::<_, 1>(item, 1);
            shared.finished();
        }
        Place::Closure => {
            let theirs = shared.clone();
            workqueue::system().try_spawn(GFP_KERNEL, move || theirs.called(Place::Closure))?;
            shared.finished();
        }
        Place::SoftWork => {
            let theirs = shared.clone();
            workqueue::system_bh().try_spawn(GFP_KERNEL, move || theirs.called(Place::SoftWork))?;
            shared.finished();
        }
        Place::Timer => {
            let handle = Item::new(shared)?.arm(1);
            shared.finished();
            drop(handle);
        }
        Place::HrTimer => {
            let handle = Arc::pin_init(Hard::init(shared, place), GFP_KERNEL)?.start(SOON);
            shared.finished();
            drop(handle);
        }
        Place::SoftHrTimer => {
            let handle = Arc::pin_init(Soft::init(shared, place), GFP_KERNEL)?.start(SOON);
            shared.finished();
            drop(handle);
        }
        Place::BoxHrTimer => {
            let handle = KBox::pin_init(Boxed::init(shared, place), GFP_KERNEL)?.start(SOON);
            shared.finished();
            drop(handle);
        }
        Place::ScopedHrTimer | Place::Scope => {
            stack_pin_init!(let local = Local::init(shared, Place::ScopedHrTimer));
            local.as_ref().start_scoped(SOON, || {
                shared.finished();
                shared.reach(Place::Scope)
            })?;
        }
        Place::Thread | Place::JoinedThread | Place::DetachedThread => thread(shared, place)?,
        _ => {}
    }
    Ok(())
}

/// Starts a thread.
fn thread(shared: &Arc<Shared>, place: Place) -> Result {
    let spawn = || {
        let theirs = shared.clone();
        kthread::spawn(c"fault-probe", move || {
            theirs.called(place);
        })
    };
    let thread = spawn()?;
    match place {
        Place::Thread => drop(thread),
        // Panics when the thread did.
        Place::JoinedThread => thread.join(),
        _ => {
            thread.detach();
            shared.finished();
            // The next one clears away what is left of it.
            fsleep(Delta::from_millis(5));
            drop(spawn()?);
        }
    }
    Ok(())
}

/// A work, one for later, and a timer.
#[pin_data]
struct Item {
    shared: Arc<Shared>,
    #[pin]
    work: Work<Self, 0>,
    #[pin]
    delayed: DelayedWork<Self, 1>,
    #[pin]
    timer: Timer<Self>,
}

impl_has_work! {
    impl HasWork<Self, 0> for Item { self.work }
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self, 1> for Item { self.delayed }
}

impl_has_timer! {
    impl HasTimer<Self> for Item { self.timer }
}

impl Item {
    fn new(shared: &Arc<Shared>) -> Result<Arc<Self>> {
        let shared = shared.clone();
        let item = pin_init!(Self {
            shared,
            work <- new_work!("Item::work"),
            delayed <- new_delayed_work!("Item::delayed"),
            timer <- Timer::new(),
        });
        Arc::pin_init(item, GFP_KERNEL)
    }
}

impl WorkItem<0> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.shared.called(Place::Work);
        if this.shared.calls() < OFTEN {
            let _ = workqueue::system().enqueue::<_, 0>(this);
        }
    }
}

impl WorkItem<1> for Item {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        this.shared.called(Place::DelayedWork);
        if this.shared.calls() < OFTEN {
            let _ = workqueue::system().enqueue_delayed::<_, 1>(this, 1);
        }
    }
}

impl TimerCallback for Item {
    fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
        this.shared.called(Place::Timer);
        (this.shared.calls() < OFTEN).then_some(1)
    }
}

/// A timer of each kind.
macro_rules! timers {
    ($(
        $(#[$doc:meta])*
        $name:ident: $mode:ident, $pointer:ty, $target:ty;
    )*) => {$(
        $(#[$doc])*
        #[pin_data]
        struct $name {
            shared: Arc<Shared>,
            place: Place,
            #[pin]
            timer: HrTimer<Self>,
        }

        impl_has_hr_timer! {
            impl HasHrTimer<Self> for $name { mode: $mode<Monotonic>, field: self.timer }
        }

        impl $name {
            fn init(shared: &Arc<Shared>, place: Place) -> impl PinInit<Self> {
                let shared = shared.clone();
                pin_init!(Self { shared, place, timer <- HrTimer::new() })
            }
        }

        impl HrTimerCallback for $name {
            type Pointer<'a> = $pointer;

            fn run(this: $target, mut context: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
                this.shared.called(this.place);
                if this.shared.calls() == OFTEN {
                    return HrTimerRestart::NoRestart;
                }
                context.forward_now(SOON);
                HrTimerRestart::Restart
            }
        }
    )*};
}

timers! {
    /// In a hard interrupt; on PREEMPT_RT, where such a one takes no locks, in a softirq.
    Hard: RelativePinnedMode, Arc<Self>, ArcBorrow<'_, Self>;
    /// In a softirq.
    Soft: RelativeSoftMode, Arc<Self>, ArcBorrow<'_, Self>;
    /// With the value for itself.
    Boxed: RelativePinnedMode, Pin<KBox<Self>>, Pin<&mut Self>;
    /// On the stack.
    Local: RelativePinnedMode, Pin<&'a Self>, Pin<&Self>;
}
