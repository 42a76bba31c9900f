// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/koxide-polling`: what is polled for goes away while somebody polls.

use kernel::{
    fs::{File, events::EPOLLIN},
    ioctl::_IO,
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    pin_init::PinInit,
    prelude::*,
    sync::{
        Mutex,
        atomic::{Acquire, Atomic, Release},
        new_mutex, new_poll_condvar,
        poll::{PollCondVar, PollTable},
    },
};

/// Something happened: whoever polls is woken, and the file is ready.
const HAPPEN: u32 = _IO(b'p' as u32, 1);
/// What is polled for is replaced by another. With an argument the file is ready from then on.
const REPLACE: u32 = _IO(b'p' as u32, 2);

/// An open file.
#[pin_data]
pub(crate) struct Polling {
    ready: Atomic<bool>,
    #[pin]
    happened: Mutex<Pin<KBox<PollCondVar>>>,
}

#[vtable]
impl MiscDevice for Polling {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        let happened = KBox::pin_init(new_poll_condvar!(), GFP_KERNEL)?;
        let file = pin_init!(Self {
            ready: Atomic::new(false),
            happened <- new_mutex!(happened),
        });
        KBox::pin_init(file, GFP_KERNEL)
    }

    fn poll(this: Pin<&Self>, file: &File, table: PollTable<'_>) -> Result<u32> {
        table.register_wait(file, &this.happened.lock());
        Ok(if this.ready.load(Acquire) { EPOLLIN } else { 0 })
    }

    fn ioctl(this: Pin<&Self>, _file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            HAPPEN => {
                this.ready.store(true, Release);
                this.happened.lock().notify_all();
            }
            REPLACE => {
                let new = KBox::pin_init(new_poll_condvar!(), GFP_KERNEL)?;
                if arg != 0 {
                    this.ready.store(true, Release);
                }
                // The old one is dropped, which takes its time, when the lock is free for those who poll.
                let old = core::mem::replace(&mut *this.happened.lock(), new);
                drop(old);
            }
            _ => return Err(ENOTTY),
        }
        Ok(0)
    }
}

/// Registers `/dev/koxide-polling`.
pub(crate) fn registration() -> impl PinInit<MiscDeviceRegistration<Polling>, Error> {
    MiscDeviceRegistration::register(MiscDeviceOptions {
        name: c"koxide-polling",
    })
}
