// SPDX-License-Identifier: GPL-2.0-only

//! Work that runs later.

#[kernel::prelude::kunit_tests(workqueue)]
mod tests {
    use core::sync::atomic::{AtomicU32, Ordering};

    use kernel::{
        current, new_mutex,
        prelude::*,
        sync::{Arc, Mutex},
        task::Comm,
        time::{Delta, Instant, Monotonic, delay::fsleep, msecs_to_jiffies},
        workqueue::{
            self, DelayedWork, Queue, Work, WorkItem, impl_has_delayed_work, impl_has_work,
            new_delayed_work, new_work,
        },
    };

    /// What runs of a thing: who did it, in which order.
    type Log = Arc<Mutex<KVec<(u32, Comm)>>>;

    fn log() -> Result<Log> {
        Arc::pin_init(new_mutex!(KVec::new()), GFP_KERNEL)
    }

    fn write(log: &Log, what: u32) {
        let comm = current!().comm();
        let _ = log.lock().push((what, comm), GFP_KERNEL);
    }

    fn numbers(log: &Log) -> Result<KVec<u32>> {
        let mut numbers = KVec::new();
        for (number, _) in log.lock().iter() {
            numbers.push(*number, GFP_KERNEL)?;
        }
        Ok(numbers)
    }

    /// Two works, which each take a while.
    #[pin_data]
    struct Twice {
        log: Log,
        takes: Delta,
        #[pin]
        first: Work<Twice, 1>,
        #[pin]
        second: Work<Twice, 2>,
    }

    impl_has_work! {
        impl HasWork<Self, 1> for Twice { self.first }
        impl HasWork<Self, 2> for Twice { self.second }
    }

    impl WorkItem<1> for Twice {
        type Pointer = Arc<Self>;

        fn run(this: Arc<Self>) {
            fsleep(this.takes);
            write(&this.log, 1);
        }
    }

    impl WorkItem<2> for Twice {
        type Pointer = Arc<Self>;

        fn run(this: Arc<Self>) {
            write(&this.log, 2);
        }
    }

    fn twice(takes: Delta) -> Result<Arc<Twice>> {
        let log = log()?;
        Arc::pin_init(
            pin_init!(Twice {
                log,
                takes,
                first <- new_work!("Twice::first"),
                second <- new_work!("Twice::second"),
            }),
            GFP_KERNEL,
        )
    }

    #[test]
    fn a_work_runs_on_a_thread_of_the_kernel() -> Result {
        let item = twice(Delta::ZERO)?;
        assert!(workqueue::system().enqueue::<_, 1>(item.clone()).is_ok());
        item.first.flush();
        let log = item.log.lock();
        assert_eq!(log.len(), 1);
        assert!(
            log.iter()
                .all(|(_, comm)| comm.as_bytes().starts_with(b"kworker/"))
        );
        Ok(())
    }

    #[test]
    fn all_queues_run_works() -> Result {
        let queues = [
            workqueue::system(),
            workqueue::system_highpri(),
            workqueue::system_long(),
            workqueue::system_unbound(),
            workqueue::system_freezable(),
            workqueue::system_power_efficient(),
            workqueue::system_freezable_power_efficient(),
        ];
        for queue in queues {
            let item = twice(Delta::ZERO)?;
            assert!(queue.enqueue::<_, 2>(item.clone()).is_ok());
            item.second.flush();
            assert_eq!(*numbers(&item.log)?, [2]);
        }
        Ok(())
    }

    #[test]
    fn what_is_queued_is_not_queued_again() -> Result {
        let queue = Queue::new_ordered().build(c"kx-once")?;
        let item = twice(Delta::from_millis(100))?;
        assert!(queue.enqueue::<_, 1>(item.clone()).is_ok());
        assert!(queue.enqueue::<_, 2>(item.clone()).is_ok());
        // The second waits behind the first, and so is still queued.
        let back = queue.enqueue::<_, 2>(item.clone());
        assert!(back.is_err_and(|back| Arc::ptr_eq(&back, &item)));
        queue.flush();
        assert_eq!(*numbers(&item.log)?, [1, 2]);
        // The queue has given up all that it had.
        assert!(item.into_unique_or_drop().is_some());
        Ok(())
    }

    #[test]
    fn a_work_that_is_cancelled_comes_back_and_does_not_run() -> Result {
        let queue = Queue::new_ordered().build(c"kx-cancel")?;
        let item = twice(Delta::from_millis(200))?;
        assert!(queue.enqueue::<_, 1>(item.clone()).is_ok());
        assert!(queue.enqueue::<_, 2>(item.clone()).is_ok());
        let back = item.second.cancel_sync();
        assert!(back.is_some_and(|back| Arc::ptr_eq(&back, &item)));
        assert!(item.second.cancel_sync().is_none());
        // The first has begun meanwhile, so that it is waited for.
        fsleep(Delta::from_millis(50));
        assert!(item.first.cancel_sync().is_none());
        assert_eq!(*numbers(&item.log)?, [1]);
        drop(queue);
        assert_eq!(*numbers(&item.log)?, [1]);
        Ok(())
    }

    #[test]
    fn a_queue_that_is_dropped_runs_what_it_has() -> Result {
        let log = log()?;
        let queue = Queue::new_unbound()
            .max_active(1)
            .highpri()
            .build(c"kx-dropped")?;
        for number in 0..20 {
            let log = log.clone();
            queue.try_spawn(GFP_KERNEL, move || {
                fsleep(Delta::from_millis(1));
                write(&log, number);
            })?;
        }
        drop(queue);
        assert!(numbers(&log)?.iter().copied().eq(0..20));
        Ok(())
    }

    /// Something that is remembered later.
    #[pin_data]
    struct Later {
        log: Log,
        #[pin]
        work: DelayedWork<Later>,
    }

    impl_has_delayed_work! {
        impl HasDelayedWork<Self> for Later { self.work }
    }

    impl WorkItem for Later {
        type Pointer = Arc<Self>;

        fn run(this: Arc<Self>) {
            write(&this.log, 0);
        }
    }

    fn later() -> Result<Arc<Later>> {
        let log = log()?;
        Arc::pin_init(
            pin_init!(Later { log, work <- new_delayed_work!("Later::work") }),
            GFP_KERNEL,
        )
    }

    #[test]
    fn a_delayed_work_waits_for_its_time() -> Result {
        let item = later()?;
        let start = Instant::<Monotonic>::now();
        let ticks = msecs_to_jiffies(100);
        assert!(
            workqueue::system()
                .enqueue_delayed(item.clone(), ticks)
                .is_ok()
        );
        assert!(
            workqueue::system()
                .enqueue_delayed(item.clone(), 0)
                .is_err()
        );
        while item.log.lock().is_empty() && start.elapsed() < Delta::from_secs(10) {
            fsleep(Delta::from_millis(1));
        }
        assert!(
            start.elapsed() >= Delta::from_millis(95),
            "{:?}",
            start.elapsed()
        );
        assert!(start.elapsed() < Delta::from_secs(5));
        assert_eq!(item.log.lock().len(), 1);
        Ok(())
    }

    #[test]
    fn a_delayed_work_is_cancelled_or_flushed() -> Result {
        let item = later()?;
        let start = Instant::<Monotonic>::now();
        let hour = msecs_to_jiffies(3_600_000);
        assert!(
            workqueue::system()
                .enqueue_delayed(item.clone(), hour)
                .is_ok()
        );
        assert!(item.work.cancel_sync().is_some());
        assert!(item.work.cancel_sync().is_none());
        assert!(item.log.lock().is_empty());
        assert!(
            workqueue::system()
                .enqueue_delayed(item.clone(), hour)
                .is_ok()
        );
        item.work.flush();
        assert_eq!(item.log.lock().len(), 1);
        assert!(
            workqueue::system()
                .enqueue_delayed(item.clone(), usize::MAX)
                .is_ok()
        );
        assert!(item.work.cancel_sync().is_some());
        assert!(workqueue::system().enqueue(item.clone()).is_ok());
        item.work.flush();
        assert_eq!(item.log.lock().len(), 2);
        assert!(item.into_unique_or_drop().is_some());
        assert!(start.elapsed() < Delta::from_secs(10));
        Ok(())
    }

    #[test]
    fn a_queue_that_is_dropped_drops_what_waits_for_it() -> Result {
        let hour = msecs_to_jiffies(3_600_000);
        let mut queue = Queue::new_bound().build(c"kx-waiting")?;
        let (own, other) = (later()?, later()?);
        assert!(queue.enqueue_delayed(own.clone(), hour).is_ok());
        assert!(
            workqueue::system()
                .enqueue_delayed(other.clone(), hour)
                .is_ok()
        );
        queue.drain();
        assert!(own.work.cancel_sync().is_none());
        assert!(queue.enqueue_delayed(own.clone(), hour).is_ok());
        drop(queue);
        // Nobody has it any more, and it has not run.
        assert!(own.log.lock().is_empty());
        assert!(own.into_unique_or_drop().is_some());
        // What waits for another queue is untouched.
        assert!(other.work.cancel_sync().is_some());
        Ok(())
    }

    /// The timers of the works run out at about the time at which their queue is dropped.
    #[test]
    fn a_queue_is_dropped_while_works_come_to_it() -> Result {
        let items = [later()?, later()?, later()?, later()?];
        for round in 0..20 {
            let queue = Queue::new_unbound().build(c"kx-closing")?;
            for (ticks, item) in items.iter().enumerate() {
                assert!(queue.enqueue_delayed(item.clone(), ticks).is_ok());
            }
            fsleep(Delta::from_micros(500 * round));
            drop(queue);
            // Each has run or was called off, and can be queued again.
            for item in &items {
                assert!(item.work.cancel_sync().is_none());
            }
        }
        for item in items {
            assert!(item.log.lock().len() <= 20);
            assert!(item.into_unique_or_drop().is_some());
        }
        Ok(())
    }

    /// A box that is queued.
    #[pin_data]
    struct Boxed {
        log: Log,
        #[pin]
        work: Work<Boxed>,
    }

    impl_has_work! {
        impl HasWork<Self> for Boxed { self.work }
    }

    impl WorkItem for Boxed {
        type Pointer = Pin<KBox<Self>>;

        fn run(this: Pin<KBox<Self>>) {
            write(&this.log, 7);
            // Once more, until it has been there three times.
            if this.log.lock().len() < 3 {
                workqueue::system().enqueue(this);
            }
        }
    }

    #[test]
    fn a_box_comes_and_goes() -> Result {
        let log = log()?;
        let seen = log.clone();
        let item = KBox::pin_init(pin_init!(Boxed { log, work <- new_work!() }), GFP_KERNEL)?;
        workqueue::system().enqueue(item);
        for _ in 0..1000 {
            if seen.lock().len() == 3 {
                break;
            }
            fsleep(Delta::from_millis(1));
        }
        fsleep(Delta::from_millis(20));
        assert_eq!(*numbers(&seen)?, [7, 7, 7]);
        // The box had the other owner of the log.
        assert!(seen.into_unique_or_drop().is_some());
        Ok(())
    }

    #[test]
    fn a_softirq_runs_works_too() -> Result {
        let start = Instant::<Monotonic>::now();
        let done = Arc::new(AtomicU32::new(0), GFP_KERNEL)?;
        for queue in [workqueue::system_bh(), workqueue::system_bh_highpri()] {
            let done = done.clone();
            queue.try_spawn(GFP_KERNEL, move || {
                done.fetch_add(1, Ordering::Relaxed);
            })?;
        }
        while done.load(Ordering::Relaxed) < 2 && start.elapsed() < Delta::from_secs(5) {
            fsleep(Delta::from_millis(1));
        }
        assert_eq!(done.load(Ordering::Relaxed), 2);
        Ok(())
    }
}
