// SPDX-License-Identifier: GPL-2.0-only

//! Threads that wait for each other in the kernel: who is woken, when, and what ends a wait early.
#![forbid(unsafe_code)]

use std::fs::File;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::{Blocked, Errno, Module, ioctl};

const WAIT: u32 = ioctl::io(b'w', 1);
const WAIT_INTERRUPTIBLE: u32 = ioctl::io(b'w', 2);
const WAIT_TIMEOUT: u32 = ioctl::io(b'w', 3);
const WAIT_INTERRUPTIBLE_TIMEOUT: u32 = ioctl::io(b'w', 4);
const NOTIFY_ONE: u32 = ioctl::io(b'w', 5);
const NOTIFY_ALL: u32 = ioctl::io(b'w', 6);
const NOTIFY_SYNC: u32 = ioctl::io(b'w', 7);
const SPIN_WAIT: u32 = ioctl::io(b'w', 8);
const SPIN_NOTIFY: u32 = ioctl::io(b'w', 9);
const EVENT_WAIT: u32 = ioctl::io(b'w', 10);
const EVENT_WAIT_INTERRUPTIBLE: u32 = ioctl::io(b'w', 11);
const EVENT_WAIT_TIMEOUT: u32 = ioctl::io(b'w', 12);
const EVENT_WAIT_INTERRUPTIBLE_TIMEOUT: u32 = ioctl::io(b'w', 13);
const EVENT: u32 = ioctl::io(b'w', 14);
const DONE_WAIT: u32 = ioctl::io(b'w', 15);
const DONE_WAIT_INTERRUPTIBLE: u32 = ioctl::io(b'w', 16);
const DONE_WAIT_TIMEOUT: u32 = ioctl::io(b'w', 17);
const DONE_WAIT_INTERRUPTIBLE_TIMEOUT: u32 = ioctl::io(b'w', 18);
const COMPLETE: u32 = ioctl::io(b'w', 19);
const COMPLETE_ALL: u32 = ioctl::io(b'w', 20);
const REINIT: u32 = ioctl::io(b'w', 21);
const WRITE: u32 = ioctl::io(b'w', 22);
const READ: u32 = ioctl::io(b'w', 23);
const READ_INTERRUPTIBLE: u32 = ioctl::io(b'w', 24);

/// The module with its device, whose open file the threads share.
struct Device {
    file: Arc<File>,
    module: Module,
}

impl Device {
    fn open() -> Self {
        let module = Module::load("koxide_selftest", "").unwrap();
        let file = Arc::new(File::open("/dev/koxide-waiting").unwrap());
        Self { file, module }
    }

    /// A request, which does not block.
    fn ask(&self, request: u32, argument: usize) -> Result<i32, Errno> {
        ioctl::value(&self.file, request, argument)
    }

    /// A thread that makes a request, and blocks in it.
    fn blocked(&self, request: u32, argument: usize) -> Blocked<Result<i32, Errno>> {
        let file = self.file.clone();
        let thread = Blocked::spawn(move || ioctl::value(&file, request, argument));
        thread.wait_asleep();
        thread
    }

    fn close(self) {
        drop(self.file);
        self.module.unload().unwrap();
    }
}

/// How many of the threads have ended, when those who were woken had the time to.
fn finished(threads: &[Blocked<Result<i32, Errno>>]) -> usize {
    thread::sleep(Duration::from_millis(200));
    threads.iter().filter(|thread| thread.is_finished()).count()
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_came_before_is_not_waited_for() {
    let device = Device::open();
    for (come, waits) in [
        (NOTIFY_ONE, [WAIT, WAIT_INTERRUPTIBLE]),
        (NOTIFY_ALL, [WAIT_TIMEOUT, WAIT_INTERRUPTIBLE_TIMEOUT]),
        (SPIN_NOTIFY, [SPIN_WAIT, SPIN_WAIT]),
        (EVENT, [EVENT_WAIT, EVENT_WAIT_INTERRUPTIBLE]),
        (COMPLETE, [DONE_WAIT, DONE_WAIT_INTERRUPTIBLE]),
    ] {
        assert_eq!(device.ask(come, 2), Ok(0));
        for wait in waits {
            assert_eq!(device.ask(wait, 1), Ok(0), "{wait:#x}");
        }
    }
    device.close();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn one_or_all_are_notified() {
    let device = Device::open();
    for notify in [NOTIFY_ONE, NOTIFY_SYNC] {
        let threads: Vec<_> = (0..4).map(|_| device.blocked(WAIT, 0)).collect();
        assert_eq!(finished(&threads), 0);
        // There is a turn for everybody, but only one is told.
        device.ask(notify, 4).unwrap();
        assert_eq!(finished(&threads), 1);
        device.ask(NOTIFY_ALL, 0).unwrap();
        for thread in threads {
            assert_eq!(thread.join(), Ok(0));
        }
    }
    device.close();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn who_is_woken_without_a_turn_waits_again() {
    let device = Device::open();
    for (wait, notify) in [
        (WAIT, NOTIFY_ALL),
        (SPIN_WAIT, SPIN_NOTIFY),
        (EVENT_WAIT, EVENT),
        (DONE_WAIT, COMPLETE),
    ] {
        let threads = [device.blocked(wait, 0), device.blocked(wait, 0)];
        device.ask(notify, 0).unwrap();
        assert_eq!(finished(&threads), 0);
        device.ask(notify, 1).unwrap();
        assert_eq!(finished(&threads), 1);
        device.ask(notify, 1).unwrap();
        for thread in threads {
            assert_eq!(thread.join(), Ok(0));
        }
    }
    device.close();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_signal_interrupts_those_who_heed_it() {
    let device = Device::open();
    for wait in [
        WAIT_INTERRUPTIBLE,
        EVENT_WAIT_INTERRUPTIBLE,
        DONE_WAIT_INTERRUPTIBLE,
    ] {
        let thread = device.blocked(wait, 0);
        thread.interrupt();
        assert_eq!(thread.join(), Err(Errno::EINTR), "{wait:#x}");
    }
    for wait in [
        WAIT_INTERRUPTIBLE_TIMEOUT,
        EVENT_WAIT_INTERRUPTIBLE_TIMEOUT,
        DONE_WAIT_INTERRUPTIBLE_TIMEOUT,
    ] {
        let thread = device.blocked(wait, 1_000_000);
        thread.interrupt();
        assert_eq!(thread.join(), Err(Errno::EINTR), "{wait:#x}");
    }
    for (wait, notify) in [
        (WAIT, NOTIFY_ONE),
        (EVENT_WAIT, EVENT),
        (DONE_WAIT, COMPLETE),
    ] {
        let thread = device.blocked(wait, 0);
        thread.interrupt();
        thread::sleep(Duration::from_millis(200));
        assert!(!thread.is_finished(), "{wait:#x}");
        device.ask(notify, 1).unwrap();
        assert_eq!(thread.join(), Ok(0), "{wait:#x}");
    }
    device.close();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_wait_ends_when_its_time_is_over() {
    let device = Device::open();
    let waits = [
        WAIT_TIMEOUT,
        WAIT_INTERRUPTIBLE_TIMEOUT,
        EVENT_WAIT_TIMEOUT,
        EVENT_WAIT_INTERRUPTIBLE_TIMEOUT,
        DONE_WAIT_TIMEOUT,
        DONE_WAIT_INTERRUPTIBLE_TIMEOUT,
    ];
    for wait in waits {
        let start = Instant::now();
        assert_eq!(device.ask(wait, 50), Err(Errno::ETIMEDOUT), "{wait:#x}");
        // A kernel has 100 to 1000 jiffies a second; the one under way does not count.
        assert!(start.elapsed() >= Duration::from_millis(49), "{wait:#x}");
        assert!(start.elapsed() < Duration::from_secs(5), "{wait:#x}");
        // No time at all is no error of its own.
        assert_eq!(device.ask(wait, 0), Err(Errno::ETIMEDOUT), "{wait:#x}");
    }
    // A time that cannot be counted does not end.
    let thread = device.blocked(WAIT_TIMEOUT, usize::MAX);
    device.ask(NOTIFY_ONE, 1).unwrap();
    assert_eq!(thread.join(), Ok(0));
    for (wait, wake) in [(EVENT_WAIT_TIMEOUT, EVENT), (DONE_WAIT_TIMEOUT, COMPLETE)] {
        let thread = device.blocked(wait, 1_000_000);
        device.ask(wake, 1).unwrap();
        let left = thread.join().unwrap();
        assert!((1..1_000_000).contains(&left), "{left}");
    }
    device.close();
}

/// Nobody is forgotten when notifications and waits meet.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn no_notification_is_missed() {
    const THREADS: usize = 8;
    const TURNS: usize = 200;
    let device = Device::open();
    for (wait, notify) in [
        (WAIT, NOTIFY_ONE),
        (SPIN_WAIT, SPIN_NOTIFY),
        (EVENT_WAIT, EVENT),
        (DONE_WAIT, COMPLETE),
    ] {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..TURNS).for_each(|_| assert_eq!(device.ask(wait, 0), Ok(0))));
                scope.spawn(|| (0..TURNS).for_each(|_| assert_eq!(device.ask(notify, 1), Ok(0))));
            }
        });
    }
    device.close();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_done_for_good_lets_everybody_through() {
    let device = Device::open();
    let threads: Vec<_> = (0..4).map(|_| device.blocked(DONE_WAIT, 0)).collect();
    device.ask(COMPLETE, 1).unwrap();
    assert_eq!(finished(&threads), 1);
    device.ask(COMPLETE_ALL, 0).unwrap();
    for thread in threads {
        assert_eq!(thread.join(), Ok(0));
    }
    assert_eq!(device.ask(DONE_WAIT, 0), Ok(0));
    device.ask(REINIT, 0).unwrap();
    let thread = device.blocked(DONE_WAIT, 0);
    device.ask(COMPLETE, 1).unwrap();
    assert_eq!(thread.join(), Ok(0));
    device.close();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_writer_keeps_readers_out() {
    let device = Device::open();
    assert_eq!(device.ask(READ, 0), Ok(0));
    let writer = device.blocked(WRITE, 7);
    let reader = device.blocked(READ, 0);
    let impatient = device.blocked(READ_INTERRUPTIBLE, 0);
    impatient.interrupt();
    assert_eq!(impatient.join(), Err(Errno::EINTR));
    assert!(!reader.is_finished());
    device.ask(COMPLETE, 1).unwrap();
    assert_eq!(writer.join(), Ok(0));
    assert_eq!(reader.join(), Ok(7));
    assert_eq!(device.ask(READ_INTERRUPTIBLE, 0), Ok(7));
    device.close();
}
