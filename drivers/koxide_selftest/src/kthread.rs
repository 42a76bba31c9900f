// SPDX-License-Identifier: GPL-2.0-only

//! Kernel threads.

#[kernel::prelude::kunit_tests(kthread)]
mod tests {
    use kernel::{
        current, kthread, new_mutex,
        prelude::*,
        sync::{Arc, Mutex, aref::ARef},
        time::{Delta, delay::fsleep},
    };

    #[test]
    fn a_thread_has_its_name_and_number_and_returns_a_value() -> Result {
        let thread = kthread::spawn(c"kx-named", || (current!().pid(), current!().comm()))?;
        let task = thread.task().map(ARef::from);
        let (pid, comm) = thread.join();
        assert_eq!(comm.as_bytes(), b"kx-named");
        assert_ne!(pid, current!().pid());
        assert_eq!(task.map(|task| task.pid()), Some(pid));
        Ok(())
    }

    #[test]
    fn a_thread_runs_until_it_is_stopped() -> Result {
        let thread = kthread::spawn(c"kx-stopped", || {
            let mut rounds = 0;
            while kthread::sleep(Delta::from_millis(1)) {
                rounds += 1;
            }
            rounds
        })?;
        fsleep(Delta::from_millis(100));
        assert!(!thread.is_finished());
        assert!(thread.stop() > 1);
        Ok(())
    }

    #[test]
    fn a_thread_that_sleeps_long_is_stopped_at_once() -> Result {
        let thread = kthread::spawn(c"kx-sleeper", || kthread::sleep(Delta::from_secs(3600)))?;
        fsleep(Delta::from_millis(20));
        assert!(!thread.stop());
        Ok(())
    }

    #[test]
    fn a_thread_runs_even_if_it_is_stopped_at_once() -> Result {
        for round in 0..50 {
            assert_eq!(kthread::spawn(c"kx-short", move || round)?.stop(), round);
        }
        Ok(())
    }

    #[test]
    fn a_dropped_handle_waits_for_the_thread() -> Result {
        let done: Arc<Mutex<bool>> = Arc::pin_init(new_mutex!(false), GFP_KERNEL)?;
        let seen = done.clone();
        drop(kthread::spawn(c"kx-dropped", move || {
            while kthread::sleep(Delta::from_secs(10)) {}
            fsleep(Delta::from_millis(50));
            *seen.lock() = true;
        })?);
        assert!(*done.lock());
        assert!(done.into_unique_or_drop().is_some());
        Ok(())
    }

    /// Says that it was dropped, and who did it.
    struct Dropped(Arc<Mutex<Option<i32>>>);

    impl Drop for Dropped {
        fn drop(&mut self) {
            *self.0.lock() = Some(current!().pid());
        }
    }

    #[test]
    fn the_result_of_a_thread_that_was_given_up_is_dropped() -> Result {
        for returned in [false, true] {
            let dropped: Arc<Mutex<Option<i32>>> = Arc::pin_init(new_mutex!(None), GFP_KERNEL)?;
            let result = Dropped(dropped.clone());
            let thread = kthread::spawn(c"kx-detached", move || {
                if !returned {
                    fsleep(Delta::from_millis(100));
                }
                result
            })?;
            while returned && !thread.is_finished() {
                fsleep(Delta::from_millis(1));
            }
            let pid = thread.task().map(|task| task.pid());
            thread.detach();
            for _ in 0..1000 {
                if dropped.lock().is_some() {
                    break;
                }
                fsleep(Delta::from_millis(1));
            }
            let who = if returned {
                Some(current!().pid())
            } else {
                pid
            };
            assert_eq!(*dropped.lock(), who);
        }
        Ok(())
    }

    #[test]
    fn only_a_thread_of_the_kernel_is_told_to_stop() {
        assert!(!kthread::should_stop());
        assert_eq!(current!().group_leader().pid(), current!().tgid());
    }
}
