// SPDX-License-Identifier: GPL-2.0-only

//! What is polled for is dropped while somebody polls: with poll(2), and with an epoll that stays.
#![forbid(unsafe_code)]

use std::fs::File;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use koxide_guest::ready::{Epoll, Ready};
use koxide_guest::{Blocked, Module, ioctl};

const HAPPEN: u32 = ioctl::io(b'p', 1);
const REPLACE: u32 = ioctl::io(b'p', 2);

/// The module, and its open file.
fn open() -> (Module, Arc<File>) {
    let module = Module::load("koxide_selftest", "").unwrap();
    let file = File::open("/dev/koxide-polling").unwrap();
    (module, Arc::new(file))
}

/// A thread that polls the file for so long; it says whether the file was ready.
fn polling(file: &Arc<File>, patience: Duration) -> Blocked<bool> {
    let file = file.clone();
    let thread = Blocked::spawn(move || Ready::to_read(&file, patience).read);
    thread.wait_asleep();
    thread
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn polls_and_epolls_are_woken() {
    let (module, file) = open();
    let epoll = Epoll::watching(&file).unwrap();
    assert!(!epoll.wait(Duration::from_millis(50)));
    let thread = polling(&file, Duration::from_secs(20));
    let epolling = Blocked::spawn(move || epoll.wait(Duration::from_secs(20)));
    epolling.wait_asleep();
    let start = Instant::now();
    ioctl::value(&file, HAPPEN, 0).unwrap();
    assert!(thread.join() && epolling.join());
    assert!(start.elapsed() < Duration::from_secs(10));
    drop(file);
    module.unload().unwrap();
}

/// An epoll is thrown out of what goes away: nothing waits for it, and it may be used and closed later.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn an_epoll_outlives_what_it_watches() {
    let (module, file) = open();
    let epolls: Vec<_> = (0..3).map(|_| Epoll::watching(&file).unwrap()).collect();
    for _ in 0..3 {
        ioctl::value(&file, REPLACE, 0).unwrap();
    }
    // That it went woke them, to find nothing. What wakes from then on is another one, which they do not know.
    let ready = || {
        epolls
            .iter()
            .any(|epoll| epoll.wait(Duration::from_millis(20)))
    };
    assert!(!ready());
    ioctl::value(&file, HAPPEN, 0).unwrap();
    assert!(!ready());
    drop(epolls);
    assert!(Epoll::watching(&file).unwrap().wait(Duration::ZERO));
    drop(file);
    module.unload().unwrap();
}

/// A thread in poll(2) cannot be thrown out. It is woken, and if it goes on waiting it is waited for.
#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn what_is_polled_for_waits_for_polls() {
    let (module, file) = open();
    let replacing = |ready| {
        let file = file.clone();
        Blocked::spawn(move || ioctl::value(&file, REPLACE, ready))
    };

    let poll = polling(&file, Duration::from_secs(20));
    let start = Instant::now();
    assert_eq!(replacing(1).join(), Ok(0));
    assert!(poll.join(), "woken by what went away");
    assert!(start.elapsed() < Duration::from_secs(10));

    let other = Arc::new(File::open("/dev/koxide-polling").unwrap());
    let poll = polling(&other, Duration::from_secs(1));
    let replace = {
        let other = other.clone();
        Blocked::spawn(move || ioctl::value(&other, REPLACE, 0))
    };
    thread::sleep(Duration::from_millis(300));
    assert!(!poll.is_finished(), "the poll was not ready for anything");
    assert!(!replace.is_finished(), "the queue went, with a poll in it");
    assert!(!poll.join());
    assert_eq!(replace.join(), Ok(0));
    drop((file, other));
    module.unload().unwrap();
}
