// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/krandom`: random bytes, as those of `/dev/urandom`.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

use core::mem::MaybeUninit;

use kernel::{
    current,
    fs::{File, Kiocb},
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    prelude::*,
    random::{add_device_randomness, get_random_bytes_raw, memzero_explicit},
    task::cond_resched,
};

module! {
    type: RandomModule,
    name: "random_chardev",
    authors: ["The Koxide authors"],
    description: "A character device of random bytes",
    license: "GPL",
}

/// So many bytes are moved at once: they are on the stack.
const PIECE: usize = 256;

/// Between so many pieces a signal is looked for, as /dev/urandom does after each page.
const PIECES: usize = 16;

#[pin_data]
struct RandomModule {
    #[pin]
    _device: MiscDeviceRegistration<Random>,
}

impl kernel::InPlaceModule for RandomModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // As /dev/urandom, everybody may read it and mix something in.
        let options = MiscDeviceOptions { name: c"krandom" }.mode(0o666);
        try_pin_init!(Self {
            _device <- MiscDeviceRegistration::register(options),
        })
    }
}

/// An open file, about which there is nothing to know.
struct Random;

#[vtable]
impl MiscDevice for Random {
    type Ptr = ();

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<()> {
        Ok(())
    }

    fn read_iter(_kiocb: Kiocb<'_, ()>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        let mut room = [MaybeUninit::uninit(); PIECE];
        let read = in_pieces(iov.len(), |length| {
            iov.copy_to_iter(get_random_bytes_raw(&mut room[..length]))
        });
        // What somebody was given as random does not stay on the stack.
        memzero_explicit(&mut room);
        read
    }

    fn write_iter(_kiocb: Kiocb<'_, ()>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        let mut room = [MaybeUninit::uninit(); PIECE];
        in_pieces(iov.len(), |length| {
            let bytes = iov.copy_from_iter_raw(&mut room[..length]);
            add_device_randomness(bytes);
            bytes.len()
        })
    }
}

/// Moves so many bytes in pieces, each by a function that is told a length and says how many bytes it moved.
///
/// It ends early at memory that is not there, and at a signal: what was moved until then counts.
fn in_pieces(wanted: usize, mut move_piece: impl FnMut(usize) -> usize) -> Result<usize> {
    let mut left = wanted;
    'all: loop {
        for _ in 0..PIECES {
            let length = left.min(PIECE);
            let moved = move_piece(length);
            left -= moved;
            if left == 0 || moved < length {
                break 'all;
            }
        }
        if current!().signal_pending() {
            break;
        }
        cond_resched();
    }
    if left == wanted && wanted != 0 {
        return Err(EFAULT);
    }
    Ok(wanted.saturating_sub(left))
}

#[kunit_tests(random_chardev)]
mod tests {
    use super::*;

    #[test]
    fn all_is_moved_in_pieces() -> Result {
        for wanted in [0, 1, 255, 256, 257, 4095, 4096, 4097] {
            let mut largest = 0;
            let mut sum = 0;
            let moved = in_pieces(wanted, |length| {
                largest = largest.max(length);
                sum += length;
                length
            })?;
            assert_eq!((moved, sum), (wanted, wanted));
            assert_eq!(largest, wanted.min(PIECE));
        }
        Ok(())
    }

    #[test]
    fn it_ends_where_memory_ends() {
        let mut left = 300;
        let moved = in_pieces(1000, |length| {
            let moved = length.min(left);
            left -= moved;
            moved
        });
        assert_eq!(moved, Ok(300));
        assert_eq!(in_pieces(1000, |_| 0), Err(EFAULT));
    }
}
