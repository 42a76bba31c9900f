// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/echo` behind a server on a Unix socket, and alone.
#![forbid(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use koxide_guest::blocked::close_under;
use koxide_guest::{
    BadPointer, Blocked, Epoll, Errno, Guarded, HUGE, Module, Ready, as_user, crowd, errno,
};

const DEVICE: &str = "/dev/echo";
const SOCKET: &str = "/tmp/echo.socket";
const LONGEST: usize = 64 << 10;
const O_NONBLOCK: i32 = 0o4000;

fn load() -> Module {
    Module::load("echo_chardev", "").unwrap()
}

fn open() -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).open(DEVICE).unwrap()
}

/// A file whose reads and writes do not wait.
fn open_without_waiting() -> File {
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(O_NONBLOCK);
    options.open(DEVICE).unwrap()
}

/// Tells the device what a client says, and the client what the device says, until the client has gone.
fn serve(mut client: UnixStream) {
    let mut device = open();
    let mut words = [0; 1000];
    loop {
        let heard = client.read(&mut words).unwrap();
        if heard == 0 {
            return;
        }
        device.write_all(&words[..heard]).unwrap();
        let mut echo = vec![0; heard];
        device.read_exact(&mut echo).unwrap();
        client.write_all(&echo).unwrap();
    }
}

/// A server for so many clients, which come one after the other or at once.
fn server(clients: usize) -> thread::JoinHandle<()> {
    let _ = std::fs::remove_file(SOCKET);
    let _ = std::fs::create_dir_all("/tmp");
    let listener = UnixListener::bind(SOCKET).unwrap();
    thread::spawn(move || {
        thread::scope(|scope| {
            for _ in 0..clients {
                let (client, _) = listener.accept().unwrap();
                scope.spawn(|| serve(client));
            }
        });
    })
}

/// Says something to the server, and hears it again.
fn converse(words: &[u8]) {
    let mut server = UnixStream::connect(SOCKET).unwrap();
    server.write_all(words).unwrap();
    let mut echo = vec![0; words.len()];
    server.read_exact(&mut echo).unwrap();
    assert!(echo == words, "{} bytes", words.len());
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_server_answers_with_what_the_device_says() {
    let module = load();
    let clients: [&[u8]; 4] = [b"hello\n", b"!", &[7; 4095], &[8; 4097]];
    let server = server(clients.len());
    clients.into_iter().for_each(converse);
    server.join().unwrap();
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn sixty_four_processes_hear_only_themselves() {
    if let Some(member) = crowd::member() {
        for round in 0..2 {
            let words = format!("process {member}, round {round}\n");
            converse(&words.as_bytes().repeat(100));
        }
        return;
    }
    let module = load();
    let server = server(64 * 2);
    crowd::gather(64);
    server.join().unwrap();
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn messages_keep_their_borders_and_their_order() {
    let module = load();
    let mut file = as_user(1000, open);
    file.write_all(b"first").unwrap();
    file.write_all(b"second").unwrap();
    assert_eq!(file.write(&[]).unwrap(), 0);
    let mut bytes = [0; 100];
    assert_eq!(file.read(&mut bytes[..2]).unwrap(), 2);
    assert_eq!(file.read(&mut []).unwrap(), 0);
    assert_eq!(file.read(&mut bytes[2..]).unwrap(), 3);
    assert_eq!(&bytes[..5], b"first");
    assert_eq!(file.read(&mut bytes).unwrap(), 6);
    assert_eq!(&bytes[..6], b"second");
    let longest = vec![9; LONGEST];
    file.write_all(&longest).unwrap();
    let mut echo = vec![0; LONGEST];
    file.read_exact(&mut echo).unwrap();
    assert!(echo == longest);
    let too_long = file.write(&vec![9; LONGEST + 1]);
    assert_eq!(errno(too_long), Some(Errno(90)), "EMSGSIZE");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn who_does_not_wait_is_told_and_poll_says_when() {
    let module = load();
    let mut file = open_without_waiting();
    let now = |file: &File| {
        let now = Ready::of(file, Duration::ZERO);
        assert_eq!(Ready::by_select(file), now);
        now
    };
    let ready = |read, write| Ready {
        read,
        write,
        error: false,
    };
    assert_eq!(now(&file), ready(false, true));
    assert_eq!(errno(file.read(&mut [0])), Some(Errno::EAGAIN));
    let mut written = 0;
    while now(&file).write {
        file.write_all(b"x").unwrap();
        written += 1;
    }
    assert_eq!(errno(file.write(b"x")), Some(Errno::EAGAIN));
    assert_eq!(now(&file), ready(true, false));
    for _ in 0..written {
        assert_eq!(file.read(&mut [0; 10]).unwrap(), 1);
    }
    assert_eq!(now(&file), ready(false, true));
    let epoll = Epoll::watching(&file).unwrap();
    let watching = Blocked::spawn(move || epoll.wait(Duration::from_secs(20)));
    watching.wait_asleep();
    file.write_all(b"x").unwrap();
    assert!(watching.join());
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn a_read_waits_for_a_message_or_a_signal() {
    let module = load();
    let file = Arc::new(open());
    let read = |file: &Arc<File>| {
        let file = file.clone();
        let reader = Blocked::spawn(move || {
            let mut byte = [0];
            (&*file).read(&mut byte).map(|_| byte[0])
        });
        reader.wait_asleep();
        reader
    };
    let interrupted = read(&file);
    interrupted.interrupt();
    assert_eq!(errno(interrupted.join()), Some(Errno::EINTR));
    let waiting = read(&file);
    (&*file).write_all(b"!").unwrap();
    assert_eq!(waiting.join().unwrap(), b'!');
    // A descriptor is closed under a read: that goes on, and keeps the module, until something else ends it.
    let waiting = read(&file);
    close_under(&file);
    let (module, busy) = module.unload().unwrap_err();
    assert_eq!(busy, Errno::EAGAIN);
    waiting.interrupt();
    assert_eq!(errno(waiting.join()), Some(Errno::EINTR));
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn bad_pointers_and_sizes_say_nothing() {
    let module = load();
    let mut file = open_without_waiting();
    for pointer in BadPointer::ALL {
        for size in [1, 4095, 4097] {
            assert_eq!(
                pointer.write(&file, size),
                Err(Errno::EFAULT),
                "{pointer:?}"
            );
        }
    }
    // Half a message is none, and 2 GB are too much for one.
    let short = Guarded::new(100).unwrap();
    assert_eq!(short.write(&file, 200), Err(Errno::EFAULT));
    assert_eq!(short.write(&file, HUGE), Err(Errno(90)));
    assert_eq!(errno(file.read(&mut [0])), Some(Errno::EAGAIN));
    file.write_all(b"kept").unwrap();
    for pointer in BadPointer::ALL {
        assert_eq!(pointer.read(&file, 1), Err(Errno::EFAULT), "{pointer:?}");
    }
    let mut buffer = Guarded::new(4).unwrap();
    assert_eq!(buffer.read(&file, HUGE), Ok(4));
    assert_eq!(buffer.to_vec(), b"kept");
    drop(file);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn duplicates_of_a_descriptor_hear_each_other() {
    if crowd::member().is_some() {
        let mut file = crowd::inherited();
        let mut heard = [0; 10];
        assert_eq!(file.read(&mut heard).unwrap(), 5);
        assert_eq!(&heard[..5], b"hello");
        file.write_all(b"goodbye").unwrap();
        return;
    }
    let module = load();
    let mut file = open();
    let child = crowd::start_with(0, &file);
    file.write_all(b"hello").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut same = file.try_clone().unwrap();
    drop(file);
    let mut heard = [0; 10];
    assert_eq!(same.read(&mut heard).unwrap(), 7);
    assert_eq!(&heard[..7], b"goodbye");
    drop(same);
    module.unload().unwrap();
}

#[test]
#[ignore = "needs a VM: run `cargo koxide test`"]
fn it_is_loaded_once_and_leaves_nothing() {
    let module = load();
    assert_eq!(Module::load("echo_chardev", "").unwrap_err(), Errno::EEXIST);
    module.unload().unwrap();
    assert!(!Path::new(DEVICE).exists());
}
