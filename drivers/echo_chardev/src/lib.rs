// SPDX-License-Identifier: GPL-2.0-only

//! `/dev/echo`: what is written to an open file comes back when it is read.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(test)]
mod on_host;

mod messages;

use kernel::{
    fs::{
        File, Kiocb,
        events::{EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM},
        flags::O_NONBLOCK,
    },
    iov::{IovIterDest, IovIterSource},
    miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
    new_mutex, new_poll_condvar,
    prelude::*,
    sync::{
        Mutex, MutexGuard,
        poll::{PollCondVar, PollTable},
    },
};

use messages::{LONGEST, Messages};

module! {
    type: EchoModule,
    name: "echo_chardev",
    authors: ["The Koxide authors"],
    description: "A character device that gives back what it is told",
    license: "GPL",
}

#[pin_data]
struct EchoModule {
    #[pin]
    _device: MiscDeviceRegistration<Echo>,
}

impl kernel::InPlaceModule for EchoModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        let options = MiscDeviceOptions { name: c"echo" };
        try_pin_init!(Self { _device <- MiscDeviceRegistration::register(options.mode(0o666)) })
    }
}

/// An open file: nobody else hears what is told to it.
#[pin_data]
struct Echo {
    #[pin]
    messages: Mutex<Messages>,
    /// Somebody read or wrote.
    #[pin]
    changed: PollCondVar,
}

impl Echo {
    /// Waits, as long as `unready` says so.
    ///
    /// # Errors
    ///
    /// `EAGAIN` for a file that does not wait, `ERESTARTSYS` when a signal comes.
    fn wait_while(
        &self,
        unready: impl Fn(&Messages) -> bool,
        flags: u32,
    ) -> Result<MutexGuard<'_, Messages>> {
        let mut messages = self.messages.lock();
        while unready(&messages) {
            if flags & O_NONBLOCK != 0 {
                return Err(EAGAIN);
            }
            if self.changed.wait_interruptible(&mut messages) {
                return Err(ERESTARTSYS);
            }
        }
        Ok(messages)
    }
}

#[vtable]
impl MiscDevice for Echo {
    type Ptr = Pin<KBox<Self>>;

    fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<Pin<KBox<Self>>> {
        KBox::pin_init(
            pin_init!(Self {
                messages <- new_mutex!(Messages::new()),
                changed <- new_poll_condvar!(),
            }),
            GFP_KERNEL,
        )
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.is_empty() {
            return Ok(0);
        }
        let this = kiocb.file();
        let mut messages = this.wait_while(Messages::is_empty, kiocb.flags())?;
        let copied = iov.copy_to_iter(messages.oldest());
        if copied == 0 {
            return Err(EFAULT);
        }
        messages.took(copied);
        this.changed.notify_all();
        Ok(copied)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        if iov.is_empty() {
            return Ok(0);
        }
        if iov.len() > LONGEST {
            return Err(EMSGSIZE);
        }
        // User memory is read before the lock is taken: whoever reads meanwhile does not wait for that.
        let mut message = KVVec::new();
        let wanted = iov.len();
        let copied = iov.copy_from_iter_vec(&mut message, GFP_KERNEL)?;
        if copied < wanted {
            // Half a message is none.
            return Err(EFAULT);
        }
        let this = kiocb.file();
        this.wait_while(Messages::is_full, kiocb.flags())?
            .add(message)?;
        this.changed.notify_all();
        Ok(copied)
    }

    fn poll(this: Pin<&Self>, file: &File, table: PollTable<'_>) -> Result<u32> {
        table.register_wait(file, &this.changed);
        let messages = this.messages.lock();
        let mut ready = 0;
        if !messages.is_empty() {
            ready |= EPOLLIN | EPOLLRDNORM;
        }
        if !messages.is_full() {
            ready |= EPOLLOUT | EPOLLWRNORM;
        }
        Ok(ready)
    }
}
