// SPDX-License-Identifier: GPL-2.0-only

//! What is held when it happens: each lock, and owners of all sorts of things, one in the other's frame.

use kernel::{
    chrdev::Region,
    current,
    interrupt::local_interrupt_disable,
    kthread,
    page::Page,
    prelude::*,
    sync::{
        Arc, Mutex, RwLock, RwSemaphore, SpinLock, SpinLockIrq, Srcu, aref::ARef, new_mutex,
        new_rwlock, new_rwsem, new_spinlock, new_spinlock_irq, new_srcu, rcu,
    },
    task::Task,
    time::{Delta, delay::fsleep},
    workqueue::{self, Queue},
};

use crate::fault;
use crate::plan::{Hold, Plan};

/// A lock of each kind.
#[pin_data]
pub(crate) struct Locks {
    #[pin]
    mutex: Mutex<usize>,
    #[pin]
    spin: SpinLock<usize>,
    #[pin]
    spin_irq: SpinLockIrq<usize>,
    #[pin]
    rw: RwLock<usize>,
    #[pin]
    semaphore: RwSemaphore<usize>,
    #[pin]
    srcu: Srcu,
}

/// Functions that make locks that nobody holds. Those of each are of classes of their own: interrupts take other ones than threads do.
macro_rules! locks {
    ($($name:ident)*) => {$(
        pub(crate) fn $name() -> impl PinInit<Locks, Error> {
            try_pin_init!(Locks {
                mutex <- new_mutex!(0),
                spin <- new_spinlock!(0),
                spin_irq <- new_spinlock_irq!(0),
                rw <- new_rwlock!(0),
                semaphore <- new_rwsem!(0),
                srcu <- new_srcu!(),
            })
        }
    )*};
}

// Older kernels have the works of softirqs done by threads.
locks! { of_threads of_soft_works of_softirqs of_interrupts }

impl Locks {
    /// The first lock that somebody holds.
    pub(crate) fn held(&self) -> Option<&'static str> {
        if self.mutex.try_lock().is_none() {
            Some("mutex")
        } else if self.semaphore.try_write().is_none() {
            Some("rwsem")
        } else if let Some(spins) = self.held_spinning() {
            Some(spins)
        } else {
            // A reader that never ends would keep this waiting for ever.
            self.srcu.synchronize_expedited();
            None
        }
    }

    /// The first one of those that spin. Some are for interrupts, which do not come meanwhile.
    fn held_spinning(&self) -> Option<&'static str> {
        let _disabled = local_interrupt_disable();
        if self.spin.try_lock().is_none() {
            Some("spinlock")
        } else if self.spin_irq.try_lock().is_none() {
            Some("spinlock_irq")
        } else if self.rw.try_write().is_none() {
            Some("rwlock")
        } else {
            None
        }
    }
}

/// Takes what the plan says, from a depth on, and in the innermost frame lets happen what it says.
pub(crate) fn from(depth: u32, plan: Plan, locks: &Locks) -> Result {
    let Some(hold) = plan.hold(depth) else {
        fault::happen(plan);
        return Ok(());
    };
    let deeper = || from(depth + 1, plan, locks);
    match hold {
        Hold::Mutex => with(|| Ok(locks.mutex.lock()), deeper),
        Hold::SpinLock => with(|| Ok(locks.spin.lock()), deeper),
        Hold::SpinLockIrq => with(|| Ok(locks.spin_irq.lock()), deeper),
        Hold::Read => with(|| Ok(locks.rw.read()), deeper),
        Hold::Write => with(|| Ok(locks.rw.write()), deeper),
        Hold::SemaphoreRead => with(|| Ok(locks.semaphore.read()), deeper),
        Hold::SemaphoreWrite => with(|| Ok(locks.semaphore.write()), deeper),
        Hold::Rcu => with(|| Ok(rcu::read_lock()), deeper),
        Hold::Srcu => with(|| Ok(locks.srcu.read_lock()), deeper),
        Hold::Interrupts => with(|| Ok(local_interrupt_disable()), deeper),
        Hold::Box => with(|| Ok(KBox::new([7; 100], GFP_ATOMIC)?), deeper),
        Hold::Vec => with(boxes, deeper),
        Hold::Arc => with(|| Ok(Arc::new(boxes()?, GFP_ATOMIC)?), deeper),
        Hold::Page => with(|| Ok(Page::alloc_page(GFP_ATOMIC)?), deeper),
        Hold::Task => with(|| Ok(ARef::<Task>::from(&**current!())), deeper),
        Hold::Vmalloc => with(|| Ok(VVec::from_elem(7, 100_000, GFP_KERNEL)?), deeper),
        Hold::Queue => with(|| Ok(Queue::new_ordered().build(c"fault-probe")?), deeper),
        Hold::Thread => with(
            || {
                kthread::spawn(c"fault-probe", || {
                    while kthread::sleep(Delta::from_secs(3600)) {}
                })
            },
            deeper,
        ),
        Hold::Region => with(|| Region::alloc(c"fault-probe-held", 1), deeper),
        Hold::Left => with(leave_work, deeper),
        Hold::LeftThread => with(leave_thread, deeper),
    }
}

/// Says when it goes.
struct Farewell;

impl Drop for Farewell {
    fn drop(&mut self) {
        pr_info!("what was left behind is gone\n");
    }
}

/// Leaves a work that is pending for a while.
fn leave_work() -> Result {
    let farewell = Farewell;
    workqueue::system_long().try_spawn(GFP_ATOMIC, || {
        fsleep(Delta::from_millis(20));
        drop(farewell);
    })?;
    Ok(())
}

/// Leaves a thread that runs until it is told to stop.
fn leave_thread() -> Result {
    let farewell = Farewell;
    let thread = kthread::spawn(c"fault-probe", || {
        while kthread::sleep(Delta::from_secs(3600)) {}
        drop(farewell);
    })?;
    // It is in its function.
    fsleep(Delta::from_millis(20));
    thread.detach();
    Ok(())
}

/// Boxes in a vector.
fn boxes() -> Result<KVec<KBox<usize>>> {
    let mut boxes = KVec::with_capacity(3, GFP_ATOMIC)?;
    for number in 0..3 {
        boxes.push(KBox::new(number, GFP_ATOMIC)?, GFP_ATOMIC)?;
    }
    Ok(boxes)
}

/// Takes something in a frame of its own, and goes on while it is held.
#[inline(never)]
fn with<T>(take: impl FnOnce() -> Result<T>, deeper: impl FnOnce() -> Result) -> Result {
    let held = take()?;
    let result = deeper();
    drop(held);
    result
}
