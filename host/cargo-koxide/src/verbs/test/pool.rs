// SPDX-License-Identifier: MIT OR Apache-2.0

//! Several virtual machines at once: threads that take work as it comes.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};

use koxide_vm::Machine;

/// How much memory QEMU takes beside its machine's, in MiB: what it translated, and the kernel before it is unpacked.
const BESIDE: u64 = 256;

/// Feeds `jobs` threads, each of which does `work` on what it takes, and waits until all is done.
///
/// A thread lives until then, which QEMU needs: its life is tied to that of the thread that started it.
pub(super) fn run<J: Send, R>(
    jobs: usize,
    feed: impl FnOnce(&Sender<J>) -> R,
    work: impl Fn(J) + Sync,
) -> R {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    std::thread::scope(|scope| {
        // The threads end when nothing can come any more, also where feeding them panics.
        let sender = sender;
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(job) = next(&receiver) {
                    work(job);
                }
            });
        }
        feed(&sender)
    })
}

/// The next piece of work, once there is one.
fn next<J>(receiver: &Mutex<Receiver<J>>) -> Option<J> {
    lock(receiver).recv().ok()
}

/// What the threads share. Whoever panicked while changing it left nothing half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same, when the threads are gone.
pub(super) fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// How many virtual machines this machine has processors and memory for: an emulated one keeps one processor busy.
pub(super) fn room() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let information = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let machine = u64::from(Machine::default().memory_mib) + BESIDE;
    let memory = available_mib(&information).map_or(usize::MAX, |free| {
        usize::try_from(free / machine).unwrap_or(usize::MAX)
    });
    processors.min(memory).max(1)
}

/// How much memory can be had, by what the kernel says.
fn available_mib(information: &str) -> Option<u64> {
    let line = |line: &str| Some(line.strip_prefix("MemAvailable:")?.trim().to_owned());
    let value = information.lines().find_map(line)?;
    let kib: u64 = value.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn all_work_is_done_by_so_many_at_once() {
        for jobs in [1, 3] {
            let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let done: Mutex<Vec<u32>> = Mutex::default();
            run(
                jobs,
                |queue| (0..20).for_each(|job| queue.send(job).unwrap()),
                |job: u32| {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    running.fetch_sub(1, Ordering::SeqCst);
                    done.lock().unwrap().push(job);
                },
            );
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert_eq!(done, (0..20).collect::<Vec<_>>());
            assert_eq!(most.into_inner(), jobs);
        }
    }

    #[test]
    fn a_feeder_that_panics_leaves_no_thread_waiting() {
        let fed = std::panic::catch_unwind(|| run(2, |_| panic!("on purpose"), |(): ()| {}));
        assert!(fed.is_err());
    }

    #[test]
    fn memory_is_read_from_what_the_kernel_says() {
        let said = "MemTotal:       2048 kB\nMemAvailable:    1048576 kB\n";
        assert_eq!(available_mib(said), Some(1024));
        assert_eq!(available_mib("MemTotal: 3 kB\n"), None);
        assert!(room() >= 1);
    }
}
