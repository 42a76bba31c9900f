// SPDX-License-Identifier: GPL-2.0-only

//! Readers that do not wait, and writers that wait for them; statics that all threads share.

#[kernel::prelude::kunit_tests(rcu)]
mod tests {
    use kernel::{
        kthread,
        kunit::in_kunit_test,
        prelude::*,
        sync::{
            Arc, Completion, GlobalLockedBy, SetOnce, Srcu,
            atomic::{Acquire, Atomic, Full, Relaxed, Release},
            global_lock, new_srcu,
            rcu::{Rcu, rcu_barrier},
        },
        time::{Delta, Instant, Monotonic, delay::fsleep},
    };

    #[test]
    fn a_writer_waits_for_readers() -> Result {
        let shared = Arc::new(Rcu::new(KBox::new(1, GFP_KERNEL)?), GFP_KERNEL)?;
        let reading = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
        let left = Arc::new(Atomic::new(false), GFP_KERNEL)?;
        let (theirs, begun, over) = (shared.clone(), reading.clone(), left.clone());
        let reader = kthread::spawn(c"rcu-reader", move || {
            theirs.read(|value| {
                begun.complete();
                let start = Instant::<Monotonic>::now();
                while start.elapsed() < Delta::from_millis(100) {
                    core::hint::spin_loop();
                }
                let seen = value.copied();
                over.store(true, Release);
                seen
            })
        })?;
        reading.wait_for_completion();
        assert!(!left.load(Acquire));
        let old = shared.replace(KBox::new(2, GFP_KERNEL)?);
        assert!(left.load(Acquire));
        assert_eq!(old.map(|old| *old), Some(1));
        assert_eq!(reader.join(), Some(1));
        assert_eq!(shared.read(|value| value.copied()), Some(2));
        assert_eq!(shared.take().map(|value| *value), Some(2));
        rcu_barrier();
        Ok(())
    }

    #[test]
    fn a_reader_may_sleep_while_a_writer_waits() -> Result {
        let users: Pin<KBox<Srcu>> = KBox::try_pin_init(new_srcu!(), GFP_KERNEL)?;
        let users = Arc::new(users, GFP_KERNEL)?;
        let reading = Arc::pin_init(Completion::new(), GFP_KERNEL)?;
        let left = Arc::new(Atomic::new(false), GFP_KERNEL)?;
        let (theirs, begun, over) = (users.clone(), reading.clone(), left.clone());
        let reader = kthread::spawn(c"srcu-reader", move || {
            let _using = theirs.read_lock();
            begun.complete();
            fsleep(Delta::from_millis(100));
            over.store(true, Release);
        })?;
        reading.wait_for_completion();
        assert!(!left.load(Acquire));
        users.synchronize();
        assert!(left.load(Acquire));
        let () = reader.join();
        users.synchronize_expedited();
        Ok(())
    }

    global_lock! {
        static TOTAL: Mutex<u64> = 0;
    }
    global_lock! {
        static LONGEST: SpinLock<u64> = 0;
    }
    static ADDED: Atomic<u64> = Atomic::new(0);
    static FIRST: SetOnce<u64> = SetOnce::new();

    #[test]
    fn threads_share_statics() -> Result {
        const ROUNDS: u64 = 10_000;
        let adding = |name, number: u64| {
            kthread::spawn(name, move || {
                let mut longest = 0;
                for round in 0..ROUNDS {
                    *TOTAL.lock() += 1;
                    ADDED.fetch_add(1, Full);
                    longest = round.max(longest);
                }
                let mut known = LONGEST.lock();
                *known = longest.max(*known);
                FIRST.populate(number)
            })
        };
        let threads = [
            adding(c"adding1", 1)?,
            adding(c"adding2", 2)?,
            adding(c"adding3", 3)?,
        ];
        let set = threads.map(|thread| thread.join());
        assert_eq!(
            (*TOTAL.lock(), ADDED.load(Relaxed)),
            (3 * ROUNDS, 3 * ROUNDS)
        );
        assert_eq!(*LONGEST.lock(), ROUNDS - 1);
        let first = set.iter().zip(1..).find(|(set, _)| **set);
        assert_eq!(set.iter().filter(|set| **set).count(), 1);
        assert_eq!(FIRST.copy(), first.map(|(_, number)| number));
        Ok(())
    }

    /// Something of which there are several, with a part that `TOTAL` protects.
    static PARTS: [GlobalLockedBy<u64, TOTAL>; 2] =
        [GlobalLockedBy::new(0), GlobalLockedBy::new(100)];

    #[test]
    fn a_static_lock_protects_what_is_elsewhere() -> Result {
        let moving = |name, from: usize| {
            kthread::spawn(name, move || {
                for _ in 0..10_001 {
                    let mut guard = TOTAL.lock();
                    let taken = PARTS[from].as_ref(&guard).div_ceil(2);
                    *PARTS[from].as_mut(&mut guard) -= taken;
                    *PARTS[1 - from].as_mut(&mut guard) += taken;
                }
            })
        };
        let threads = [moving(c"moving1", 0)?, moving(c"moving2", 1)?];
        assert!(in_kunit_test());
        let _: [(); 2] = threads.map(|thread| thread.join());
        let guard = TOTAL.lock();
        let sum: u64 = PARTS.iter().map(|part| *part.as_ref(&guard)).sum();
        assert_eq!(sum, 100);
        Ok(())
    }
}
