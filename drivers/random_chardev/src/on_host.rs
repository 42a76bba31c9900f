// SPDX-License-Identifier: GPL-2.0-only

//! Tests on the fake kernel.

use kernel::{
    fake::{self, Process},
    fs::flags::O_RDWR,
    prelude::*,
};

use super::{PIECE, PIECES, RandomModule};

#[test]
fn two_reads_are_not_the_same() {
    let module = fake::load::<RandomModule>().unwrap();
    let file = module.open("/dev/krandom", O_RDWR).unwrap();
    let mut buffers = [[0; PIECE + 3]; 2];
    for buffer in &mut buffers {
        assert_eq!(file.read(buffer), Ok(PIECE + 3));
    }
    assert_ne!(buffers[0], buffers[1]);
    assert_eq!(file.write(b"unpredictable"), Ok(13));
}

#[test]
fn a_signal_ends_a_long_read() {
    let module = fake::load::<RandomModule>().unwrap();
    let file = module.open("/dev/krandom", O_RDWR).unwrap();
    Process::current().signal();
    let mut buffer = std::vec![0; PIECE * PIECES + 1];
    assert_eq!(file.read(&mut buffer), Ok(PIECE * PIECES));
    Process::current().handle_signals();
    assert_eq!(file.read(&mut buffer), Ok(buffer.len()));
}

#[test]
fn memory_may_run_out() {
    fake::fail_allocation(1);
    assert_eq!(fake::load::<RandomModule>().err(), Some(ENOMEM));
}
