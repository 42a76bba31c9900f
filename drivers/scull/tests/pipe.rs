// SPDX-License-Identifier: GPL-2.0-only

//! The pipes as user space sees them.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use koxide_guest::blocked::close_under;
use koxide_guest::{BadPointer, Blocked, Epoll, Errno, Guarded, HUGE, Module, Ready, crowd, errno};

const PIPE: &str = "/dev/scullpipe0";
const OTHER: &str = "/dev/scullpipe1";
const O_NONBLOCK: i32 = 0o4000;

fn load(params: &str) -> Module {
    Module::load("scull", params).unwrap()
}

fn open(path: &str) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(path).unwrap()
}

/// A file whose reads and writes do not wait.
fn open_without_waiting(path: &str) -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(O_NONBLOCK);
    options.open(path).unwrap()
}

/// A thread that waits for a byte.
fn reader(path: &'static str) -> Blocked<std::io::Result<u8>> {
    let reader = Blocked::spawn(move || {
        let mut byte = [0];
        let read = open(path).read(&mut byte)?;
        assert_eq!(read, 1);
        Ok(byte[0])
    });
    reader.wait_asleep();
    reader
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_read_waits_for_a_write() {
    let module = load("");
    let waiting = reader(PIPE);
    open(OTHER).write_all(b"?").unwrap();
    thread::sleep(Duration::from_millis(50));
    assert!(!waiting.is_finished(), "each pipe has its own bytes");
    open(PIPE).write_all(b"!").unwrap();
    assert_eq!(waiting.join().unwrap(), b'!');
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_write_waits_for_room() {
    let module = load("pipe_buffer=10");
    let mut file = open(PIPE);
    assert_eq!(file.write(b"0123456789abc").unwrap(), 10);
    let writer = Blocked::spawn(|| open(PIPE).write(b"xyz").unwrap());
    writer.wait_asleep();
    let mut bytes = [0; 3];
    file.read_exact(&mut bytes).unwrap();
    assert_eq!((&bytes, writer.join()), (b"012", 3));
    let mut rest = [0; 20];
    assert_eq!(file.read(&mut rest).unwrap(), 10);
    assert_eq!(&rest[..10], b"3456789xyz");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn who_does_not_wait_is_told() {
    let module = load("pipe_buffer=10");
    let mut file = open_without_waiting(PIPE);
    assert_eq!(errno(file.read(&mut [0])), Some(Errno::EAGAIN));
    assert_eq!(file.read(&mut []).unwrap(), 0);
    assert_eq!(file.write(&[7; 20]).unwrap(), 10);
    assert_eq!(errno(file.write(b"x")), Some(Errno::EAGAIN));
    assert_eq!(file.write(&[]).unwrap(), 0);
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_signal_ends_the_waiting() {
    let module = load("");
    let waiting = reader(PIPE);
    waiting.interrupt();
    assert_eq!(errno(waiting.join()), Some(Errno::EINTR));
    let mut file = open_without_waiting(PIPE);
    while file.write(&[0; 1000]).is_ok() {}
    let writer = Blocked::spawn(|| open(PIPE).write(b"x"));
    writer.wait_asleep();
    writer.interrupt();
    assert_eq!(errno(writer.join()), Some(Errno::EINTR));
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_descriptor_is_closed_while_someone_reads() {
    let module = load("");
    let file = Arc::new(open(PIPE));
    let same = file.clone();
    let waiting = Blocked::spawn(move || {
        let mut byte = [0];
        (&*same).read(&mut byte).map(|read| (read, byte[0]))
    });
    waiting.wait_asleep();
    close_under(&file);
    // The read goes on, and keeps the module.
    let (module, busy) = module.unload().unwrap_err();
    assert_eq!(busy, Errno::EAGAIN);
    open(PIPE).write_all(b"!").unwrap();
    assert_eq!(waiting.join().unwrap(), (1, b'!'));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn poll_says_when_it_is_worth_trying() {
    let module = load("pipe_buffer=4");
    let mut file = open(PIPE);
    let ready = |read, write| Ready {
        read,
        write,
        error: false,
    };
    let now = |file: &File| {
        let now = Ready::of(file, Duration::ZERO);
        assert_eq!(Ready::by_select(file), now);
        now
    };
    assert_eq!(now(&file), ready(false, true));
    let waiting = Blocked::spawn(|| Ready::to_read(&open(PIPE), Duration::from_secs(20)));
    waiting.wait_asleep();
    let watched = open(PIPE);
    let epoll = Epoll::watching(&watched).unwrap();
    let watching = Blocked::spawn(move || epoll.wait(Duration::from_secs(20)));
    watching.wait_asleep();
    file.write_all(b"1").unwrap();
    assert!(waiting.join().read && watching.join());
    assert_eq!(now(&file), ready(true, true));
    file.write_all(b"234").unwrap();
    assert_eq!(now(&file), ready(true, false));
    file.read_exact(&mut [0; 4]).unwrap();
    assert_eq!(now(&file), ready(false, true));
    // An epoll whose file is closed watches nothing, and keeps nothing.
    let epoll = Epoll::watching(&watched).unwrap();
    drop((file, watched));
    assert!(!epoll.wait(Duration::ZERO));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_process_that_inherited_the_file_is_killed_while_it_reads() {
    if crowd::member().is_some() {
        let mut byte = [0];
        assert_eq!(crowd::inherited().read(&mut byte).unwrap(), 1);
        assert_eq!(&byte, b"!");
        return;
    }
    let module = load("");
    let mut file = open(PIPE);
    let (mut killed, survivor) = (crowd::start_with(0, &file), crowd::start_with(1, &file));
    thread::sleep(Duration::from_millis(300));
    assert!(killed.try_wait().unwrap().is_none(), "it waits");
    killed.kill().unwrap();
    assert!(!killed.wait().unwrap().success());
    file.write_all(b"!").unwrap();
    drop(file);
    assert!(survivor.wait_with_output().unwrap().status.success());
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_bad_pointer_takes_nothing_out() {
    let module = load("");
    let mut file = open_without_waiting(PIPE);
    for pointer in BadPointer::ALL {
        assert_eq!(
            pointer.write(&file, 4097),
            Err(Errno::EFAULT),
            "{pointer:?}"
        );
    }
    assert_eq!(errno(file.read(&mut [0])), Some(Errno::EAGAIN));
    file.write_all(b"kept").unwrap();
    for pointer in BadPointer::ALL {
        assert_eq!(pointer.read(&file, 4095), Err(Errno::EFAULT), "{pointer:?}");
    }
    let mut buffer = Guarded::new(4).unwrap();
    assert_eq!(buffer.read(&file, HUGE), Ok(4));
    assert_eq!(buffer.to_vec(), b"kept");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sixty_four_processes_lose_no_byte() {
    const ROUNDS: usize = 200;
    if let Some(member) = crowd::member() {
        let mut file = open(PIPE);
        for _ in 0..ROUNDS {
            match member % 2 {
                0 => file.write_all(b"x").unwrap(),
                _ => {
                    let mut byte = [0];
                    file.read_exact(&mut byte).unwrap();
                    assert_eq!(&byte, b"x");
                }
            }
        }
        return;
    }
    let module = load("pipe_buffer=16");
    crowd::gather(64);
    let mut file = open_without_waiting(PIPE);
    assert_eq!(errno(file.read(&mut [0])), Some(Errno::EAGAIN));
    drop(file);
    module.unload().unwrap();
}
