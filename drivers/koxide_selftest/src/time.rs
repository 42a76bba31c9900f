// SPDX-License-Identifier: GPL-2.0-only

//! Clocks, waiting and timers.

#[kernel::prelude::kunit_tests(time)]
mod tests {
    use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use kernel::{
        kthread,
        pin_init::stack_pin_init,
        prelude::*,
        sync::{Arc, ArcBorrow, aref::ARef},
        time::{
            BootTime, Delta, Instant, Jiffies, Monotonic, RealTime, Tai,
            delay::{
                fsleep, msleep, msleep_interruptible, schedule_timeout_interruptible,
                schedule_timeout_uninterruptible, udelay, usleep_range,
            },
            hrtimer::{
                AbsoluteMode, HrTimer, HrTimerCallback, HrTimerCallbackContext, HrTimerHandle,
                HrTimerPointer, HrTimerRestart, RelativeMode, RelativeSoftMode,
                ScopedHrTimerPointer, impl_has_hr_timer,
            },
            jiffies, msecs_to_jiffies,
            timer::{Timer, TimerCallback, TimerPointer, impl_has_timer},
        },
    };

    type Now = Instant<Monotonic>;

    /// Waits until something is so, for at most 5 seconds; whether it was.
    fn wait_until(condition: impl Fn() -> bool) -> bool {
        let start = Now::now();
        while !condition() {
            if start.elapsed() > Delta::from_secs(5) {
                return false;
            }
            fsleep(Delta::from_millis(1));
        }
        true
    }

    #[test]
    fn clocks_go_on() {
        let start = (Now::now(), Instant::<BootTime>::now(), jiffies());
        fsleep(Delta::from_millis(50));
        // It may count ticks, and the last one may come a little early.
        assert!(start.0.elapsed() >= Delta::from_millis(46));
        assert!(start.1.elapsed() >= Delta::from_millis(46));
        let ticks = jiffies().wrapping_sub(start.2);
        assert!(ticks + 1 >= msecs_to_jiffies(50), "{ticks} ticks");
        // There were 27 leap seconds since 1972, or nobody has told the machine.
        let (real, tai) = (Instant::<RealTime>::now(), Instant::<Tai>::now());
        let _ = (real.elapsed(), tai.elapsed());
        assert_eq!(Delta::from_jiffies(3).as_jiffies(), 3);
    }

    #[test]
    fn waiting_takes_its_time() {
        // Ways that count ticks may take less than one tick less, since ticks come a little late or early.
        let ways: [(fn(), i64); 6] = [
            (|| fsleep(Delta::from_millis(20)), 16),
            (|| msleep(20), 16),
            (
                || usleep_range(Delta::from_millis(5), Delta::from_millis(6)),
                5,
            ),
            // It is a loop whose speed the kernel measured when it started; an emulated CPU is faster later on.
            (|| udelay(Delta::from_millis(2)), 0),
            (|| assert_eq!(msleep_interruptible(20), 0), 16),
            (
                || assert_eq!(schedule_timeout_uninterruptible(5), 0),
                4 * 1000 / 250,
            ),
        ];
        for (at, (wait, least)) in ways.into_iter().enumerate() {
            let start = Now::now();
            wait();
            let elapsed = start.elapsed();
            assert!(elapsed >= Delta::from_millis(least), "{at}: {elapsed:?}");
            assert!(elapsed < Delta::from_secs(5), "{at}: {elapsed:?}");
        }
    }

    #[test]
    fn a_sleeper_is_woken_up() -> Result {
        let start = Now::now();
        let hour = msecs_to_jiffies(3_600_000);
        let thread = kthread::spawn(c"kx-sleeps", move || schedule_timeout_interruptible(hour))?;
        let task = thread.task().map(ARef::from).ok_or(ESRCH)?;
        let woken = wait_until(|| {
            task.wake_up();
            thread.is_finished()
        });
        assert!(woken);
        let left = thread.join();
        assert!(left > 0 && left <= hour, "{left} ticks left");
        assert!(start.elapsed() < Delta::from_secs(10));
        Ok(())
    }

    /// Counts up to a number, every 2 ms.
    #[pin_data]
    struct Counter {
        count: AtomicU32,
        up_to: u32,
        #[pin]
        timer: HrTimer<Self>,
    }

    impl_has_hr_timer! {
        impl HasHrTimer<Self> for Counter {
            mode: RelativeMode<Monotonic>, field: self.timer
        }
    }

    impl HrTimerCallback for Counter {
        type Pointer<'a> = Arc<Self>;

        fn run(
            this: ArcBorrow<'_, Self>,
            mut context: HrTimerCallbackContext<'_, Self>,
        ) -> HrTimerRestart {
            if this.count.fetch_add(1, Ordering::Relaxed) + 1 == this.up_to {
                return HrTimerRestart::NoRestart;
            }
            context.forward_now(Delta::from_millis(2));
            HrTimerRestart::Restart
        }
    }

    fn counter(up_to: u32) -> Result<Arc<Counter>> {
        let counter =
            pin_init!(Counter { count: AtomicU32::new(0), up_to, timer <- HrTimer::new() });
        Arc::pin_init(counter, GFP_KERNEL)
    }

    #[test]
    fn a_timer_comes_at_its_time_and_again() -> Result {
        let counter = counter(10)?;
        let start = Now::now();
        let mut handle = counter.clone().start(Delta::from_millis(20));
        assert!(counter.timer.expires() >= start);
        assert!(wait_until(|| counter.count.load(Ordering::Relaxed) == 10));
        // The first after 20 ms, the others 2 ms apart.
        assert!(
            start.elapsed() >= Delta::from_millis(38),
            "{:?}",
            start.elapsed()
        );
        fsleep(Delta::from_millis(10));
        assert!(!handle.cancel());
        assert_eq!(counter.count.load(Ordering::Relaxed), 10);
        Ok(())
    }

    #[test]
    fn a_timer_whose_time_is_over_comes_at_once() -> Result {
        for late in [Delta::from_millis(-1), Delta::from_nanos(i64::MIN)] {
            let counter = counter(1)?;
            let handle = counter.clone().start(late);
            assert!(wait_until(|| counter.count.load(Ordering::Relaxed) == 1));
            drop(handle);
        }
        Ok(())
    }

    #[test]
    fn a_timer_stops_with_its_handle() -> Result {
        let counter = counter(0)?;
        let handle = counter.clone().start(Delta::ZERO);
        assert!(wait_until(|| counter.count.load(Ordering::Relaxed) > 3));
        drop(handle);
        let count = counter.count.load(Ordering::Relaxed);
        fsleep(Delta::from_millis(20));
        assert_eq!(counter.count.load(Ordering::Relaxed), count);
        let mut first = counter.clone().start(Delta::from_secs(3600));
        let second = counter.clone().start(Delta::from_secs(3600));
        assert!(first.cancel());
        drop((first, second));
        assert!(counter.into_unique_or_drop().is_some());
        Ok(())
    }

    /// A box that sets a flag of others at a time of the clock.
    #[pin_data]
    struct Alarm {
        rang: Arc<AtomicBool>,
        #[pin]
        timer: HrTimer<Self>,
    }

    impl_has_hr_timer! {
        impl HasHrTimer<Self> for Alarm {
            mode: AbsoluteMode<BootTime>, field: self.timer
        }
    }

    impl HrTimerCallback for Alarm {
        type Pointer<'a> = Pin<KBox<Self>>;

        fn run(this: Pin<&mut Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
            this.rang.store(true, Ordering::Relaxed);
            HrTimerRestart::NoRestart
        }
    }

    #[test]
    fn a_box_has_a_timer_of_a_clock() -> Result {
        let rang = Arc::new(AtomicBool::new(false), GFP_KERNEL)?;
        let seen = rang.clone();
        let alarm = KBox::pin_init(
            pin_init!(Alarm { rang, timer <- HrTimer::new() }),
            GFP_KERNEL,
        )?;
        let time = Instant::<BootTime>::now() + Delta::from_millis(30);
        let handle = alarm.start(time);
        assert!(wait_until(|| seen.load(Ordering::Relaxed)));
        assert!(Instant::<BootTime>::now() >= time);
        drop(handle);
        // The box was dropped with the handle.
        assert!(seen.into_unique_or_drop().is_some());
        Ok(())
    }

    /// Counts on the stack of whoever waits.
    #[pin_data]
    struct Local {
        count: AtomicU32,
        #[pin]
        timer: HrTimer<Self>,
    }

    impl_has_hr_timer! {
        impl HasHrTimer<Self> for Local {
            mode: RelativeMode<Monotonic>, field: self.timer
        }
    }

    impl HrTimerCallback for Local {
        type Pointer<'a> = Pin<&'a mut Self>;

        fn run(
            this: Pin<&mut Self>,
            mut context: HrTimerCallbackContext<'_, Self>,
        ) -> HrTimerRestart {
            this.count.fetch_add(1, Ordering::Relaxed);
            context.forward_now(Delta::from_millis(1));
            HrTimerRestart::Restart
        }
    }

    #[test]
    fn a_timer_on_the_stack_stops_with_its_scope() {
        stack_pin_init!(let local = pin_init!(Local { count: AtomicU32::new(0), timer <- HrTimer::new() }));
        let waited = local.as_mut().start_scoped(Delta::ZERO, || {
            fsleep(Delta::from_millis(50));
            7
        });
        assert_eq!(waited, 7);
        let count = local.count.load(Ordering::Relaxed);
        assert!(count > 3, "{count}");
        fsleep(Delta::from_millis(20));
        assert_eq!(local.count.load(Ordering::Relaxed), count);
    }

    /// A flag that is set in a softirq.
    #[pin_data]
    struct Soft {
        count: AtomicU32,
        #[pin]
        timer: HrTimer<Self>,
    }

    impl_has_hr_timer! {
        impl HasHrTimer<Self> for Soft {
            mode: RelativeSoftMode<Monotonic>, field: self.timer
        }
    }

    impl HrTimerCallback for Soft {
        type Pointer<'a> = Arc<Self>;

        fn run(this: ArcBorrow<'_, Self>, _: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
            this.count.fetch_add(1, Ordering::Relaxed);
            HrTimerRestart::NoRestart
        }
    }

    #[test]
    fn a_soft_timer_comes_too() -> Result {
        let soft = pin_init!(Soft { count: AtomicU32::new(0), timer <- HrTimer::new() });
        let soft: Arc<Soft> = Arc::pin_init(soft, GFP_KERNEL)?;
        let _handle = soft.clone().start(Delta::from_millis(5));
        assert!(wait_until(|| soft.count.load(Ordering::Relaxed) == 1));
        Ok(())
    }

    /// Counts down, a tick at a time.
    #[pin_data]
    struct Countdown {
        left: AtomicU32,
        #[pin]
        timer: Timer<Self>,
    }

    impl_has_timer! {
        impl HasTimer<Self> for Countdown { self.timer }
    }

    impl TimerCallback for Countdown {
        fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
            (this.left.fetch_sub(1, Ordering::Relaxed) > 1).then_some(1)
        }
    }

    fn countdown(from: u32) -> Result<Arc<Countdown>> {
        let countdown = pin_init!(Countdown { left: AtomicU32::new(from), timer <- Timer::new() });
        Arc::pin_init(countdown, GFP_KERNEL)
    }

    #[test]
    fn a_tick_timer_comes_at_its_time_and_again() -> Result {
        let countdown = countdown(5)?;
        let start = Now::now();
        let handle = countdown.clone().arm(msecs_to_jiffies(40));
        assert!(countdown.timer.is_pending());
        assert!(wait_until(|| countdown.left.load(Ordering::Relaxed) == 0));
        assert!(
            start.elapsed() >= Delta::from_millis(36),
            "{:?}",
            start.elapsed()
        );
        assert!(!handle.cancel());
        assert!(!countdown.timer.is_pending());
        Ok(())
    }

    #[test]
    fn a_tick_timer_is_moved_and_disarmed() -> Result {
        let countdown = countdown(1)?;
        let hour = msecs_to_jiffies(3_600_000);
        let handle = countdown.clone().arm(usize::MAX);
        assert!(handle.rearm(hour));
        assert!(handle.cancel());
        assert!(!handle.cancel());
        assert!(!handle.rearm(1));
        assert!(wait_until(|| countdown.left.load(Ordering::Relaxed) == 0));
        assert!(!handle.rearm(hour));
        drop(handle);
        assert!(!countdown.timer.is_pending());
        let (first, second) = (countdown.clone().arm(hour), countdown.clone().arm(hour));
        assert!(first.shutdown());
        assert!(!second.rearm(1));
        assert!(!countdown.timer.is_pending());
        drop(second);
        assert!(countdown.into_unique_or_drop().is_some());
        Ok(())
    }
}
