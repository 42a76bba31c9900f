// SPDX-License-Identifier: GPL-2.0-only

//! The pipes: `/dev/scullpipe0` to `/dev/scullpipe3`. A read waits until there is something, a write until there is room.

use kernel::{
    chrdev::Minor,
    fs::{
        File, FileOperations, Kiocb,
        events::{EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM},
        flags::O_NONBLOCK,
    },
    iov::{IovIterDest, IovIterSource},
    new_mutex, new_poll_condvar,
    pin_init::PinInit,
    prelude::*,
    sync::{
        Arc, ArcBorrow, Mutex, MutexGuard,
        poll::{PollCondVar, PollTable},
    },
};

use crate::ring::Ring;

/// A pipe: its readers and writers are whoever has it open.
#[pin_data]
pub(crate) struct Pipe {
    /// How many bytes fit into the ring.
    size: usize,
    #[pin]
    ring: Mutex<Ring>,
    /// Somebody read or wrote.
    #[pin]
    changed: PollCondVar,
}

impl Pipe {
    /// A pipe with nothing in it.
    pub(crate) fn new(ring: Ring) -> impl PinInit<Self> {
        pin_init!(Self {
            size: ring.size(),
            ring <- new_mutex!(ring),
            changed <- new_poll_condvar!(),
        })
    }

    /// Locks the ring, and waits as long as so many bytes are in it: none, or as many as fit.
    ///
    /// # Errors
    ///
    /// `EAGAIN` for a file that does not wait, `ERESTARTSYS` when a signal comes.
    fn lock_unless(&self, length: usize, flags: u32) -> Result<MutexGuard<'_, Ring>> {
        let ring = self.ring.lock();
        if ring.len() == length {
            return self.wait_while(ring, length, flags);
        }
        Ok(ring)
    }

    /// Waits as long as so many bytes are in the ring.
    #[cold]
    fn wait_while<'a>(
        &'a self,
        mut ring: MutexGuard<'a, Ring>,
        length: usize,
        flags: u32,
    ) -> Result<MutexGuard<'a, Ring>> {
        while ring.len() == length {
            if flags & O_NONBLOCK != 0 {
                return Err(EAGAIN);
            }
            if self.changed.wait_interruptible(&mut ring) {
                return Err(ERESTARTSYS);
            }
        }
        Ok(ring)
    }
}

/// An open file is an owner of its pipe.
#[vtable]
impl FileOperations<Minor<Arc<Self>>> for Pipe {
    type Ptr = Arc<Self>;

    fn open(_file: &File, minor: &Minor<Arc<Self>>) -> Result<Arc<Self>> {
        Ok(minor.data().clone())
    }

    fn read_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
        if iov.is_empty() {
            return Ok(0);
        }
        let pipe = kiocb.file();
        let mut ring = pipe.lock_unless(0, kiocb.flags())?;
        let mut read = 0;
        while !iov.is_empty() && !ring.is_empty() {
            let copied = iov.copy_to_iter(ring.oldest());
            if copied == 0 {
                break;
            }
            ring.took(copied);
            read = copied.saturating_add(read);
        }
        finish(&pipe, read)
    }

    fn write_iter(kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterSource<'_>) -> Result<usize> {
        if iov.is_empty() {
            return Ok(0);
        }
        let pipe = kiocb.file();
        let mut ring = pipe.lock_unless(pipe.size, kiocb.flags())?;
        let mut written = 0;
        while !iov.is_empty() && !ring.is_full() {
            let copied = iov.copy_from_iter(ring.room());
            if copied == 0 {
                break;
            }
            ring.put(copied);
            written = copied.saturating_add(written);
        }
        finish(&pipe, written)
    }

    fn poll(this: ArcBorrow<'_, Self>, file: &File, table: PollTable<'_>) -> Result<u32> {
        table.register_wait(file, &this.changed);
        let ring = this.ring.lock();
        let mut ready = 0;
        if !ring.is_empty() {
            ready |= EPOLLIN | EPOLLRDNORM;
        }
        if !ring.is_full() {
            ready |= EPOLLOUT | EPOLLWRNORM;
        }
        Ok(ready)
    }
}

/// Wakes who waits for what was moved. There was something to move: nothing moved means a bad address.
fn finish(pipe: &Pipe, moved: usize) -> Result<usize> {
    if moved == 0 {
        return Err(EFAULT);
    }
    pipe.changed.notify_all();
    Ok(moved)
}
