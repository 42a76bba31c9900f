// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use std::io::SeekFrom;
use std::time::Duration;

use kernel::{
    fake,
    fs::{
        events::{EPOLLIN, EPOLLOUT},
        flags::{O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY},
    },
    prelude::*,
};

use super::Scull;

#[test]
fn what_is_written_stays_when_nobody_has_the_file_open() {
    let module = fake::load::<Scull>().unwrap();
    let file = module.open("/dev/scull0", O_WRONLY).unwrap();
    assert_eq!(file.write(b"memory"), Ok(6));
    drop(file);
    let file = module.open("/dev/scull0", O_RDWR).unwrap();
    let mut buffer = [0; 4];
    assert_eq!(file.seek(SeekFrom::Start(2)), Ok(2));
    assert_eq!(file.read(&mut buffer), Ok(4));
    assert_eq!(&buffer, b"mory");
    assert_eq!(file.seek(SeekFrom::End(-6)), Ok(0));
    assert_eq!(file.seek(SeekFrom::Current(-1)), Err(EINVAL));
}

#[test]
fn a_hole_is_zeros() {
    let module = fake::load::<Scull>().unwrap();
    let file = module.open("/dev/scull1", O_RDWR).unwrap();
    assert_eq!(file.seek(SeekFrom::Start(9000)), Ok(9000));
    assert_eq!(file.write(b"end"), Ok(3));
    assert_eq!(file.seek(SeekFrom::Start(8999)), Ok(8999));
    let mut buffer = [1; 8];
    assert_eq!(file.read(&mut buffer), Ok(4));
    assert_eq!(&buffer, b"\0end\x01\x01\x01\x01");
}

#[test]
fn a_pipe_wakes_who_waits() {
    let module = fake::load::<Scull>().unwrap();
    let pipe = || module.open("/dev/scullpipe0", O_RDWR).unwrap();
    let (reader, writer) = (pipe(), pipe());
    let waiting = module
        .open("/dev/scullpipe0", O_RDONLY | O_NONBLOCK)
        .unwrap();
    let mut buffer = [0; 8];
    assert_eq!(waiting.read(&mut buffer), Err(EAGAIN));
    assert_eq!(waiting.poll(EPOLLIN, Duration::ZERO), 0);
    assert_eq!(writer.poll(EPOLLOUT, Duration::ZERO), EPOLLOUT);
    std::thread::scope(|scope| {
        let reads = scope.spawn(move || {
            let mut buffer = [0; 8];
            (reader.read(&mut buffer), buffer)
        });
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(writer.write(b"parcel"), Ok(6));
        assert_eq!(reads.join().unwrap(), (Ok(6), *b"parcel\0\0"));
        let polls = scope.spawn(|| waiting.poll(EPOLLIN, Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(writer.write(b"one"), Ok(3));
        assert_eq!(polls.join().unwrap(), EPOLLIN);
    });
    assert_eq!(waiting.read(&mut buffer), Ok(3));
}

#[test]
fn each_allocation_may_fail() {
    fake::load::<Scull>().unwrap().unload();
    // Miri takes a second for each.
    let step = if cfg!(miri) { 20 } else { 1 };
    for which in (1..=fake::allocations()).step_by(step) {
        fake::fail_allocation(which);
        assert_eq!(fake::load::<Scull>().err(), Some(ENOMEM), "{which}");
    }
    let module = fake::load::<Scull>().unwrap();
    let file = module.open("/dev/scull0", O_RDWR).unwrap();
    let mut which = 0;
    loop {
        which += 1;
        fake::fail_allocation(which);
        match file.write(b"x") {
            Ok(_) => break,
            Err(error) => assert_eq!(error, ENOMEM),
        }
    }
    assert!(which > 1);
}
