// SPDX-License-Identifier: GPL-2.0-only

//! What a program does with files: the system calls.

use core::ffi::{c_int, c_long, c_uint};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::context;
use super::errno::{EINVAL, ENOTTY, ESPIPE};
use super::file::{File, Kiocb};
use super::iov::Iov;
use super::machine::{Machine, current, lock, within};
use super::node::{Node, Ops};
use super::task::Task;
use super::wait::PollTable;

/// `EPOLLERR | EPOLLHUP`, whatever a program asks for.
const ALWAYS_REPORTED: c_uint = 0x18;

/// `-ENOIOCTLCMD`, which programs are not told.
const NO_SUCH_IOCTL: c_long = -515;

/// An open file, as a program has it. Dropping it closes it.
pub struct Descriptor {
    file: Arc<File>,
    machine: Arc<Machine>,
}

impl Descriptor {
    /// `open(2)`, on the running thread's machine; a negative errno.
    pub fn open(path: &str, flags: u32) -> Result<Self, c_int> {
        let machine = current();
        let node = Node::find(path)?;
        let file = File::new(Some(node.clone()), flags);
        {
            let _opening = lock(&node.opening);
            let (Ops::Misc(ops) | Ops::Chrdev(ops)) = node.ops;
            if matches!(node.ops, Ops::Misc(_)) {
                file.private_data.store(node.data(), Ordering::Release);
            }
            // SAFETY: the operations are those that were registered for this node.
            let opened = call(&machine, || unsafe {
                (ops.open)(node.as_raw(), file.as_raw())
            });
            if opened != 0 {
                return Err(opened);
            }
        }
        machine.held.files.fetch_add(1, Ordering::Relaxed);
        // Until the last reference is given back: the driver may keep one.
        // SAFETY: the pointer is that of an `Arc`.
        unsafe { Arc::increment_strong_count(Arc::as_ptr(&file)) };
        Ok(Self { file, machine })
    }

    /// `read(2)`: how many bytes, or a negative errno.
    pub fn read(&self, buffer: &mut [u8]) -> isize {
        let Some(read) = self.file.ops().and_then(|ops| ops.read_iter) else {
            return -(EINVAL as isize);
        };
        let mut iov = Iov::new(buffer);
        // SAFETY: the file is open, and the rest lives during the call.
        let answer = self.moving(|kiocb| unsafe { read(kiocb.as_raw(), iov.as_raw()) });
        buffer.copy_from_slice(&iov.good);
        answer
    }

    /// `write(2)`: how many bytes, or a negative errno.
    pub fn write(&self, bytes: &[u8]) -> isize {
        let Some(write) = self.file.ops().and_then(|ops| ops.write_iter) else {
            return -(EINVAL as isize);
        };
        let mut iov = Iov::new(bytes);
        // SAFETY: the file is open, and the rest lives during the call.
        self.moving(|kiocb| unsafe { write(kiocb.as_raw(), iov.as_raw()) })
    }

    /// A read or write at the file's position.
    fn moving(&self, body: impl FnOnce(&mut Kiocb<'_>) -> isize) -> isize {
        let mut kiocb = Kiocb {
            file: &self.file,
            pos: self.file.pos.load(Ordering::Relaxed),
        };
        let answer = call(&self.machine, || body(&mut kiocb));
        if answer >= 0 {
            self.file.pos.store(kiocb.pos, Ordering::Relaxed);
        }
        answer
    }

    /// `lseek(2)`: the new position, or a negative errno.
    pub fn seek(&self, offset: i64, whence: c_int) -> i64 {
        let Some(llseek) = self.file.ops().and_then(|ops| ops.llseek) else {
            return -i64::from(ESPIPE);
        };
        // SAFETY: the file is open.
        call(&self.machine, || unsafe {
            llseek(self.file.as_raw(), offset, whence)
        })
    }

    /// `ioctl(2)`: its answer, or a negative errno.
    pub fn ioctl(&self, cmd: c_uint, arg: usize) -> c_long {
        let Some(ioctl) = self.file.ops().and_then(|ops| ops.ioctl) else {
            return (-ENOTTY).into();
        };
        // SAFETY: the file is open.
        match call(&self.machine, || unsafe {
            ioctl(self.file.as_raw(), cmd, arg as _)
        }) {
            NO_SUCH_IOCTL => (-ENOTTY).into(),
            answer => answer,
        }
    }

    /// `poll(2)`: the events that are there, or come within a span; 0 when none came.
    pub fn poll(&self, events: c_uint, span: Duration) -> c_uint {
        /// `EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM`: what a file without the operation says.
        const ALWAYS: c_uint = 0x145;
        let Some(poll) = self.file.ops().and_then(|ops| ops.poll) else {
            return ALWAYS & events;
        };
        let started = Instant::now();
        let mut table = PollTable::default();
        loop {
            table.prepare();
            // SAFETY: the file is open, and the table lives during the call.
            let ready = call(&self.machine, || unsafe {
                poll(self.file.as_raw(), table.as_raw())
            }) & (events | ALWAYS_REPORTED);
            let left = span.saturating_sub(started.elapsed());
            if ready != 0 || left.is_zero() || Task::current().signal_pending() {
                return ready;
            }
            table.sleep(left);
        }
    }

    /// The machine that it was opened on.
    pub fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: this is the reference that opening gave.
        call(&self.machine, || unsafe {
            super::file::put(self.file.as_raw())
        });
    }
}

/// A system call: runs it on the machine, and looks whether it ended as it should.
fn call<R>(machine: &Arc<Machine>, body: impl FnOnce() -> R) -> R {
    let answer = within(machine, body);
    machine.check();
    if !std::thread::panicking() {
        assert!(
            !context::is_atomic(),
            "a lock, a read-side critical section or disabled interrupts outlived the system call"
        );
    }
    answer
}
