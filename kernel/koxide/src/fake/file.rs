// SPDX-License-Identifier: GPL-2.0-only

//! Files as a program uses them.

use core::ffi::c_int;
use std::io::SeekFrom;
use std::sync::Arc;
use std::time::Duration;

use koxide_abi::host::descriptor::Descriptor;
use koxide_abi::host::machine::{Machine, within};

use crate::error::{Error, Result};
use crate::fs::Whence;

/// A file that a program has opened. Threads may share it; dropping it closes it.
///
/// Each method is a system call. It panics when the driver does, or when it comes back from the driver with a lock held.
pub struct File(Descriptor);

impl File {
    /// Opens a path.
    pub(super) fn open(machine: &Arc<Machine>, path: &str, flags: u32) -> Result<Self> {
        let opened = within(machine, || Descriptor::open(path, flags));
        opened.map(Self).map_err(Error::from_errno)
    }

    /// `read(2)`, to so many bytes: how many were read.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the driver has no read; else what it says.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        number(self.0.read(buffer) as i64)
    }

    /// `write(2)`: how many bytes were written.
    ///
    /// # Errors
    ///
    /// `EINVAL` if the driver has no write; else what it says.
    pub fn write(&self, bytes: &[u8]) -> Result<usize> {
        number(self.0.write(bytes) as i64)
    }

    /// `lseek(2)`: the new position.
    ///
    /// # Errors
    ///
    /// `ESPIPE` if the driver has no llseek; else what it says.
    pub fn seek(&self, to: SeekFrom) -> Result<u64> {
        let (offset, whence) = match to {
            SeekFrom::Start(offset) => (offset.cast_signed(), Whence::Start),
            SeekFrom::Current(offset) => (offset, Whence::Current),
            SeekFrom::End(offset) => (offset, Whence::End),
        };
        Ok(number(self.0.seek(offset, whence as c_int))? as u64)
    }

    /// `ioctl(2)` with a number: its answer.
    ///
    /// # Errors
    ///
    /// `ENOTTY` if the driver has no ioctl; else what it says.
    pub fn ioctl(&self, cmd: u32, arg: usize) -> Result<usize> {
        number(self.0.ioctl(cmd, arg))
    }

    /// `ioctl(2)` with the address of a buffer, which the driver reads and writes as user memory.
    ///
    /// # Errors
    ///
    /// As for [`ioctl`](Self::ioctl).
    pub fn ioctl_with(&self, cmd: u32, buffer: &mut [u8]) -> Result<usize> {
        let machine = self.0.machine();
        let addr = machine.add_user_memory(buffer);
        let answer = self.0.ioctl(cmd, addr);
        buffer.copy_from_slice(&machine.remove_user_memory(addr));
        number(answer)
    }

    /// `poll(2)`: which of some [events](crate::fs::events) are there, or come within a span; 0 when none came.
    ///
    /// An error of the file is said in any case.
    pub fn poll(&self, events: u32, span: Duration) -> u32 {
        self.0.poll(events, span)
    }
}

/// What a system call says: a number, or a negative errno.
fn number(answer: impl Into<i64>) -> Result<usize> {
    let answer = answer.into();
    usize::try_from(answer).map_err(|_| Error::from_errno(answer as c_int))
}
