// SPDX-License-Identifier: GPL-2.0-only

//! A post office: a clock strikes, a sender then sends a parcel, and a receiver takes it.

use kernel::{
    kthread,
    prelude::*,
    sync::{
        Arc, ArcBorrow, Completion, CondVar, Mutex, SpinLock, SpinLockIrq, new_condvar, new_mutex,
        new_spinlock, new_spinlock_irq,
    },
    time::{
        Jiffies, msecs_to_jiffies,
        timer::{Timer, TimerCallback, impl_has_timer},
    },
};

use crate::logged::Logged;

/// Parcels on their way.
struct Parcels {
    waiting: KVec<u32>,
    /// No more will come.
    closed: bool,
}

/// What the timer and the threads share.
#[pin_data]
pub(crate) struct Post {
    /// How often the clock strikes, and how many jiffies lie in between.
    strikes: u32,
    period: Jiffies,
    #[pin]
    clock: Timer<Self>,
    /// How often it struck. The timer's function interrupts whatever this CPU does: a thread that held a plain spinlock
    /// then would be waited for, and never go on. So whoever locks this one keeps interrupts away.
    #[pin]
    struck: SpinLockIrq<u32>,
    /// Done at each strike: a function that must not sleep can do that.
    #[pin]
    strike: Completion,
    /// Whoever puts parcels in or takes them out may sleep, for memory, with the lock held. So it is one that sleeps.
    #[pin]
    parcels: Mutex<Parcels>,
    #[pin]
    changed: CondVar,
    /// Only threads lock this, for a moment.
    #[pin]
    total: SpinLock<u64>,
    /// The receiver is there.
    #[pin]
    pub(crate) opened: Completion,
}

impl_has_timer! {
    impl HasTimer<Self> for Post { self.clock }
}

impl TimerCallback for Post {
    fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
        let mut struck = Logged::lock("irq spinlock", &this.struck);
        *struck += 1;
        pr_info!("irq spinlock: strike {}\n", *struck);
        this.strike.complete();
        (*struck < this.strikes).then_some(this.period)
    }
}

impl Post {
    /// A post office whose clock strikes so often.
    pub(crate) fn new(strikes: u32, period_ms: u32) -> Result<Arc<Self>> {
        let parcels = Parcels {
            waiting: KVec::new(),
            closed: false,
        };
        let post = pin_init!(Self {
            strikes,
            period: msecs_to_jiffies(period_ms),
            clock <- Timer::new(),
            struck <- new_spinlock_irq!(0),
            strike <- Completion::new(),
            parcels <- new_mutex!(parcels),
            changed <- new_condvar!(),
            total <- new_spinlock!(0),
            opened <- Completion::new(),
        });
        Arc::pin_init(post, GFP_KERNEL)
    }

    /// How long it takes until the clock strikes.
    pub(crate) const fn period(&self) -> Jiffies {
        self.period
    }

    /// Sends a parcel; whether the post office was open.
    fn send(&self, parcel: u32) -> Result<bool> {
        let mut parcels = Logged::lock("mutex", &self.parcels);
        if parcels.closed {
            return Ok(false);
        }
        parcels.waiting.push(parcel, GFP_KERNEL)?;
        pr_info!("mutex: parcel {parcel} was sent\n");
        self.changed.notify_one();
        Ok(true)
    }

    /// Waits for a parcel; none when the post office is closed and no parcel is left.
    fn receive(&self) -> Option<u32> {
        let mut parcels = Logged::lock("mutex", &self.parcels);
        while parcels.waiting.is_empty() {
            if parcels.closed {
                return None;
            }
            pr_info!("condvar: the receiver waits, and the mutex is unlocked meanwhile\n");
            // Signals do not come to kernel threads; and one that waits like this does not count as busy.
            let _signal = self.changed.wait_interruptible(parcels.guard());
            pr_info!("condvar: the receiver was woken, and has the mutex again\n");
        }
        let parcel = parcels.waiting.remove(0).ok();
        pr_info!(
            "mutex: a parcel was received, {} are left\n",
            parcels.waiting.len()
        );
        parcel
    }

    /// Sends one parcel at each strike of the clock.
    pub(crate) fn sender(&self) -> Result {
        for parcel in 1..=self.strikes {
            // Without an error: signals do not come to kernel threads.
            self.strike.wait_for_completion_interruptible()?;
            pr_info!("completion: the sender got through\n");
            if !self.send(parcel)? {
                break;
            }
        }
        self.close();
        Ok(())
    }

    /// Receives parcels until no more come, and says what their numbers add up to.
    pub(crate) fn receiver(&self) -> u64 {
        self.opened.complete_all();
        while let Some(parcel) = self.receive() {
            let mut total = Logged::lock("spinlock", &self.total);
            *total += u64::from(parcel);
            pr_info!("spinlock: total {}\n", *total);
        }
        let total = *self.total.lock();
        pr_info!("finished: total {total}\n");
        total
    }

    /// Ends what the threads wait for.
    pub(crate) fn close(&self) {
        Logged::lock("mutex", &self.parcels).closed = true;
        self.changed.notify_all();
        self.strike.complete_all();
    }
}

/// A thread that receives.
pub(crate) fn spawn_receiver(post: &Arc<Post>) -> Result<kthread::JoinHandle<u64>> {
    let post = post.clone();
    kthread::spawn(c"sync_receiver", move || post.receiver())
}

/// A thread that sends.
pub(crate) fn spawn_sender(post: &Arc<Post>) -> Result<kthread::JoinHandle<Result>> {
    let post = post.clone();
    kthread::spawn(c"sync_sender", move || post.sender())
}

#[kunit_tests(post)]
mod tests {
    use kernel::time::{Delta, delay::fsleep};

    use super::*;

    #[test]
    fn a_guard_unlocks_when_it_goes() -> Result {
        let post = Post::new(1, 1)?;
        {
            let mut total = Logged::lock("spinlock", &post.total);
            *total = 7;
            assert!(post.total.try_lock().is_none());
        }
        assert_eq!(post.total.try_lock().map(|total| *total), Some(7));
        Ok(())
    }

    #[test]
    fn a_receiver_waits_for_each_parcel() -> Result {
        let post = Post::new(0, 1)?;
        let receiver = spawn_receiver(&post)?;
        for parcel in [1, 10, 100] {
            fsleep(Delta::from_millis(30));
            assert!(!receiver.is_finished());
            assert!(post.send(parcel)?);
        }
        post.close();
        assert_eq!(receiver.join(), 111);
        assert!(!post.send(1000)?);
        Ok(())
    }

    #[test]
    fn what_was_sent_before_the_end_is_received_in_order() -> Result {
        let post = Post::new(0, 1)?;
        for parcel in [3, 1, 2] {
            post.send(parcel)?;
        }
        post.close();
        assert_eq!([post.receive(), post.receive()], [Some(3), Some(1)]);
        assert_eq!([post.receive(), post.receive()], [Some(2), None]);
        Ok(())
    }

    #[test]
    fn a_sender_waits_for_the_clock() -> Result {
        let post = Post::new(2, 1)?;
        let sender = spawn_sender(&post)?;
        post.strike.complete();
        assert_eq!(post.receive(), Some(1));
        fsleep(Delta::from_millis(30));
        assert!(!sender.is_finished());
        post.strike.complete();
        assert_eq!([post.receive(), post.receive()], [Some(2), None]);
        sender.join()
    }
}
