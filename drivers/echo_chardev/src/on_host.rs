// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use std::time::Duration;

use kernel::{
    fake::{self, File, Loaded, Process},
    fs::{
        events::{EPOLLIN, EPOLLOUT},
        flags::{O_NONBLOCK, O_RDWR},
    },
    prelude::*,
};

use super::{EchoModule, LONGEST};

fn load() -> Loaded<EchoModule> {
    fake::load().unwrap()
}

fn open(module: &Loaded<EchoModule>, flags: u32) -> File {
    module.open("/dev/echo", O_RDWR | flags).unwrap()
}

#[test]
fn messages_come_back_in_their_order() {
    let module = load();
    let file = open(&module, O_NONBLOCK);
    let mut buffer = [0; 4];
    assert_eq!(file.read(&mut buffer), Err(EAGAIN));
    assert_eq!(file.poll(EPOLLIN | EPOLLOUT, Duration::ZERO), EPOLLOUT);
    assert_eq!(file.write(b"one"), Ok(3));
    assert_eq!(file.write(b"second"), Ok(6));
    assert_eq!(file.read(&mut buffer), Ok(3));
    assert_eq!(&buffer, b"one\0");
    assert_eq!(file.read(&mut buffer), Ok(4));
    assert_eq!(&buffer, b"seco");
    let long = std::vec![0; LONGEST + 1];
    assert_eq!(file.write(&long), Err(EMSGSIZE));
}

#[test]
fn a_full_file_waits_for_room() {
    let module = load();
    let file = open(&module, O_NONBLOCK);
    let mut written = 0;
    while file.write(b"x").is_ok() {
        written += 1;
    }
    assert!(written > 1);
    assert_eq!(file.poll(EPOLLOUT, Duration::ZERO), 0);
    std::thread::scope(|scope| {
        let polls = scope.spawn(|| file.poll(EPOLLOUT, Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(file.read(&mut [0]), Ok(1));
        assert_eq!(polls.join().unwrap(), EPOLLOUT);
    });
    assert_eq!(file.write(b"x"), Ok(1));
    assert_eq!(file.write(b"x"), Err(EAGAIN));
}

#[test]
fn a_signal_ends_waiting() {
    let module = load();
    let file = open(&module, 0);
    let reader = Process::current();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(10));
            reader.signal();
        });
        assert_eq!(file.read(&mut [0; 4]), Err(ERESTARTSYS));
    });
    reader.handle_signals();
    assert_eq!(file.write(b"on"), Ok(2));
    assert_eq!(file.read(&mut [0; 4]), Ok(2));
}

#[test]
fn a_message_for_which_there_is_no_memory_is_none() {
    let module = load();
    let file = open(&module, O_NONBLOCK);
    let mut which = 0;
    loop {
        which += 1;
        fake::fail_allocation(which);
        match file.write(b"message") {
            Ok(written) => break assert_eq!(written, 7),
            Err(error) => assert_eq!(error, ENOMEM),
        }
        assert_eq!(file.read(&mut [0; 8]), Err(EAGAIN));
    }
    assert!(which > 1);
}
