// SPDX-License-Identifier: GPL-2.0-only

//! Whether interrupts come to this CPU: a timer that is due shows it.

#[kernel::prelude::kunit_tests(interrupts)]
mod tests {
    use kernel::{
        interrupt::{is_preempt_rt, local_interrupt_disable},
        prelude::*,
        sync::{
            Arc, ArcBorrow, SpinLock, SpinLockIrq,
            atomic::{Acquire, Atomic, Release},
            new_spinlock, new_spinlock_irq,
        },
        time::{
            Delta, Instant, Jiffies, Monotonic,
            delay::fsleep,
            timer::{Timer, TimerCallback, TimerHandle, TimerPointer, impl_has_timer},
        },
    };

    /// A timer and whether its time has come.
    #[pin_data]
    struct Bell {
        #[pin]
        timer: Timer<Self>,
        rang: Atomic<bool>,
    }

    impl_has_timer! {
        impl HasTimer<Self> for Bell { self.timer }
    }

    impl TimerCallback for Bell {
        fn run(this: ArcBorrow<'_, Self>) -> Option<Jiffies> {
            this.rang.store(true, Release);
            None
        }
    }

    impl Bell {
        fn new() -> Result<Arc<Self>> {
            let bell = pin_init!(Self {
                timer <- Timer::new(),
                rang: Atomic::new(false),
            });
            Arc::pin_init(bell, GFP_KERNEL)
        }

        /// Sets the bell on this CPU, and says whether it rings while the CPU goes on without a pause.
        fn rings_within(self: &Arc<Self>, span: Delta) -> (TimerHandle<Self>, bool) {
            let handle = self.clone().arm(1);
            let start = Instant::<Monotonic>::now();
            while start.elapsed() < span && !self.rang.load(Acquire) {
                core::hint::spin_loop();
            }
            (handle, self.rang.load(Acquire))
        }

        /// As above, for a while.
        fn rings(self: &Arc<Self>) -> (TimerHandle<Self>, bool) {
            self.rings_within(Delta::from_millis(60))
        }

        /// Whether a bell rings: it may take its time on a machine that is busy.
        fn any_rings() -> Result<bool> {
            let bell = Self::new()?;
            let (handle, rang) = bell.rings_within(Delta::from_secs(2));
            drop(handle);
            Ok(rang)
        }

        /// Whether it rang now that it could.
        fn rang(&self) -> bool {
            fsleep(Delta::from_millis(60));
            self.rang.load(Acquire)
        }
    }

    #[test]
    fn a_plain_spinlock_lets_interrupts_come() -> Result {
        let (bell, lock): (_, Arc<SpinLock<()>>) =
            (Bell::new()?, Arc::pin_init(new_spinlock!(()), GFP_KERNEL)?);
        let guard = lock.lock();
        let (handle, rang) = bell.rings_within(Delta::from_secs(2));
        drop(guard);
        assert!(rang);
        drop(handle);
        Ok(())
    }

    #[test]
    fn a_spinlock_can_keep_interrupts_away() -> Result {
        // Two places, two classes: locks of one class are not taken one inside of the other.
        let one: Arc<SpinLockIrq<()>> = Arc::pin_init(new_spinlock_irq!(()), GFP_KERNEL)?;
        let other: Arc<SpinLockIrq<()>> = Arc::pin_init(new_spinlock_irq!(()), GFP_KERNEL)?;
        let bell = Bell::new()?;
        let first = one.lock();
        let second = other.lock();
        // What was locked first is unlocked first: interrupts stay away as long as the other one is locked.
        drop(first);
        let (handle, rang) = bell.rings();
        drop(second);
        // A kernel for real time has nothing to keep away.
        assert_eq!(rang, is_preempt_rt());
        assert!(bell.rang());
        drop(handle);
        Ok(())
    }

    #[test]
    fn interrupts_come_again_when_nothing_keeps_them_away() -> Result {
        let bell = Bell::new()?;
        let (outer, inner) = (local_interrupt_disable(), local_interrupt_disable());
        drop(outer);
        let (handle, rang) = bell.rings();
        drop(inner);
        assert!(!rang && bell.rang());
        drop(handle);
        Ok(())
    }

    /// A driver must not sleep with interrupts disabled. When it does, this CPU is not without them for ever.
    #[test]
    fn who_sleeps_with_interrupts_disabled_gets_them_back() -> Result {
        let lock: Arc<SpinLockIrq<()>> = Arc::pin_init(new_spinlock_irq!(()), GFP_KERNEL)?;
        let forgotten = local_interrupt_disable();
        fsleep(Delta::from_millis(2));
        core::mem::forget(forgotten);
        drop(lock.lock());
        assert!(Bell::any_rings()?);

        let early = local_interrupt_disable();
        fsleep(Delta::from_millis(2));
        let guard = lock.lock();
        drop(early);
        drop(guard);
        drop(lock.lock());
        assert!(Bell::any_rings()?);
        Ok(())
    }
}
