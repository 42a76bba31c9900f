// SPDX-License-Identifier: GPL-2.0-only

//! Locks and shared values.

#[kernel::prelude::kunit_tests(locks)]
mod tests {
    use kernel::{
        interrupt::local_interrupt_disable,
        kthread, new_mutex, new_spinlock,
        prelude::*,
        sync::{
            Arc, LockClassKey, Mutex, RwLock, RwSemaphore, SpinLock, SpinLockIrq, new_rwlock,
            new_rwsem, new_spinlock_irq,
        },
        time::{Delta, delay::fsleep},
    };

    #[test]
    fn a_mutex_excludes() -> Result {
        let mutex: Pin<KBox<Mutex<u32>>> = KBox::pin_init(new_mutex!(1, "selftest"), GFP_KERNEL)?;
        {
            let mut guard = mutex.lock();
            *guard += 1;
            assert!(mutex.try_lock().is_none());
        }
        assert_eq!(mutex.try_lock().map(|guard| *guard), Some(2));
        Ok(())
    }

    #[test]
    fn a_spinlock_excludes() -> Result {
        let lock: Arc<SpinLock<u32>> = Arc::pin_init(new_spinlock!(1), GFP_KERNEL)?;
        let other = lock.clone();
        {
            let mut guard = lock.lock();
            *guard += 1;
            assert!(other.try_lock().is_none());
        }
        assert_eq!(*other.lock(), 2);
        Ok(())
    }

    #[test]
    fn a_spinlock_that_keeps_interrupts_away_excludes() -> Result {
        let one: Arc<SpinLockIrq<u32>> = Arc::pin_init(new_spinlock_irq!(1), GFP_KERNEL)?;
        let other: Arc<SpinLockIrq<u32>> = Arc::pin_init(new_spinlock_irq!(1), GFP_KERNEL)?;
        // What was locked first is unlocked first.
        let first = one.lock();
        let second = other.lock();
        assert!(one.try_lock().is_none());
        drop(first);
        assert!(one.try_lock().is_some() && other.try_lock().is_none());
        drop(second);
        let disabled = local_interrupt_disable();
        let guard = one.lock_with(&disabled);
        assert!(one.try_lock_with(&disabled).is_none());
        drop(guard);
        drop(disabled);
        // Interrupts come again: without them this would never end.
        fsleep(Delta::from_millis(20));
        assert_eq!(*one.lock(), 1);
        Ok(())
    }

    #[test]
    fn readers_share_and_writers_exclude() -> Result {
        let lock: Arc<RwLock<u32>> = Arc::pin_init(new_rwlock!(1), GFP_KERNEL)?;
        {
            let (one, other) = (lock.read(), lock.try_read());
            assert!(other.is_some_and(|other| *other == *one));
            assert!(lock.try_write().is_none());
        }
        {
            let mut writer = lock.write();
            *writer = 2;
            assert!(lock.try_read().is_none() && lock.try_write().is_none());
        }
        assert_eq!(lock.try_write().map(|writer| *writer), Some(2));
        Ok(())
    }

    /// Kernels that check locks complain of a class that they were not told of, and of one that goes without a word.
    #[test]
    fn a_class_of_locks_comes_and_goes() -> Result {
        for _ in 0..3 {
            drop(KBox::pin_init(LockClassKey::new_dynamic(), GFP_KERNEL)?);
        }
        Ok(())
    }

    #[test]
    fn a_writer_becomes_a_reader() -> Result {
        let semaphore: Arc<RwSemaphore<u32>> = Arc::pin_init(new_rwsem!(1), GFP_KERNEL)?;
        let mut writer = semaphore.write_killable()?;
        *writer = 2;
        assert!(semaphore.try_read().is_none());
        let reader = writer.downgrade();
        assert!(semaphore.try_write().is_none());
        // A reader that waited while this one reads could wait for ever, behind a writer.
        assert!(semaphore.try_read().is_some_and(|other| *other == *reader));
        drop(reader);
        assert_eq!(*semaphore.read_interruptible()?, 2);
        assert!(semaphore.try_write().is_some());
        Ok(())
    }

    #[test]
    fn a_writer_waits_for_the_readers() -> Result {
        let semaphore: Arc<RwSemaphore<u32>> = Arc::pin_init(new_rwsem!(1), GFP_KERNEL)?;
        let reader = semaphore.read();
        let shared = semaphore.clone();
        let thread = kthread::spawn(c"writer", move || *shared.write() = 2)?;
        fsleep(Delta::from_millis(50));
        assert!(!thread.is_finished() && *reader == 1);
        drop(reader);
        let () = thread.join();
        assert_eq!(*semaphore.read(), 2);
        Ok(())
    }

    /// The values that each kind of lock protects are the same for whoever looks.
    #[test]
    fn nobody_sees_what_is_half_written() -> Result {
        type Pair = (u32, u32);
        let spinning: Arc<RwLock<Pair>> = Arc::pin_init(new_rwlock!((0, 0)), GFP_KERNEL)?;
        let sleeping: Arc<RwSemaphore<Pair>> = Arc::pin_init(new_rwsem!((0, 0)), GFP_KERNEL)?;
        let add = |pair: &mut Pair| {
            pair.0 += 1;
            core::hint::spin_loop();
            pair.1 += 1;
        };
        let writers = [c"writer0", c"writer1"].map(|name| {
            let (spinning, sleeping) = (spinning.clone(), sleeping.clone());
            kthread::spawn(name, move || {
                for _ in 0..5000 {
                    add(&mut spinning.write());
                    add(&mut sleeping.write());
                }
            })
        });
        let (one, other) = (spinning.clone(), sleeping.clone());
        let reader = kthread::spawn(c"reader", move || {
            (0..5000).all(|_| {
                // The guard of the lock that spins is gone before the one that sleeps is taken.
                let one = *one.read();
                let other = *other.read();
                one.0 == one.1 && other.0 == other.1
            })
        })?;
        for writer in writers {
            let () = writer?.join();
        }
        assert!(reader.join());
        let one = *spinning.read();
        assert_eq!((one, *sleeping.read()), ((10000, 10000), (10000, 10000)));
        Ok(())
    }

    #[test]
    fn the_last_owner_drops() -> Result {
        let inner = Arc::new(5, GFP_KERNEL)?;
        let outer = Arc::new(inner.clone(), GFP_KERNEL)?;
        let another = outer.clone();
        drop(outer);
        assert_eq!(**another, 5);
        assert!(inner.clone().into_unique_or_drop().is_none());
        drop(another);
        assert!(inner.into_unique_or_drop().is_some());
        Ok(())
    }
}
