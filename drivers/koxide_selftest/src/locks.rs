// SPDX-License-Identifier: GPL-2.0-only

//! Locks and shared values.

#[kernel::prelude::kunit_tests(locks)]
mod tests {
    use kernel::{
        new_mutex, new_spinlock,
        prelude::*,
        sync::{Arc, Mutex, SpinLock},
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
