// SPDX-License-Identifier: GPL-2.0-only

//! What a driver does with its files: include/linux/fs.h, `struct file_operations`.

use macros::vtable;

use super::{File, Kiocb, Seek};
use crate::error::{
    Result,
    code::{EINVAL, ENODEV, ENOTTY, ESPIPE},
};
use crate::iov::{IovIterDest, IovIterSource};
use crate::miscdevice::MiscDeviceRegistration;
use crate::mm::virt::VmaNew;
use crate::seq_file::SeqFile;
use crate::sync::poll::PollTable;
use crate::types::ForeignOwnable;

/// A driver's files: what happens when one is opened, read, written and so on.
///
/// `R` is what an `open` is told of the device behind the file. A [misc device](crate::miscdevice) is told of its
/// registration, which is what `R` is unless the driver says something else; `miscdevice::MiscDevice` is another name of
/// this trait.
///
/// All methods run in process context and may sleep. A method that the driver does not have is not in the kernel's table
/// either: what user space is told then is said with each.
///
/// One that panics fails with `EIO` (`poll` is `EPOLLERR`, `release` is 0). Its device is then poisoned: calls of all methods but
/// `release` are `ENODEV` (`EPOLLERR | EPOLLHUP` for `poll`), and the driver is not called. See [`module`](mod@crate::module#panics).
#[vtable]
pub trait FileOperations<R = MiscDeviceRegistration<Self>>: Sized + 'static {
    /// What the driver keeps for each open file: a box or an [`Arc`](crate::sync::Arc).
    ///
    /// Threads share it, each with its read, write or ioctl: what changes is behind a lock.
    ///
    /// ```compile_fail,E0277
    /// # use core::cell::Cell;
    /// # use kernel::{fs::File, miscdevice::{MiscDevice, MiscDeviceRegistration}, prelude::*};
    /// # module! { type: M, name: "m", license: "GPL" }
    /// # struct M;
    /// # impl kernel::Module for M {
    /// #     fn init(_: &'static ThisModule) -> Result<Self> {
    /// #         Ok(M)
    /// #     }
    /// # }
    /// struct Counter(Cell<u32>);
    ///
    /// #[vtable]
    /// impl MiscDevice for Counter {
    ///     type Ptr = KBox<Self>;
    /// #
    /// #     fn open(_: &File, _: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
    /// #         Ok(KBox::new(Counter(Cell::new(0)), GFP_KERNEL)?)
    /// #     }
    /// }
    /// # fn main() {}
    /// ```
    type Ptr: ForeignOwnable + Send + Sync;

    /// A file is opened.
    ///
    /// For a misc device the kernel holds a lock of all misc devices meanwhile: neither a misc device is registered here
    /// nor one unregistered.
    ///
    /// # Errors
    ///
    /// The errno with which `open(2)` fails.
    fn open(file: &File, device: &R) -> Result<Self::Ptr>;

    /// The last descriptor of an open file was closed, and no operation on it is under way.
    fn release(device: Self::Ptr, _file: &File) {
        drop(device);
    }

    /// `lseek(2)`: says where the file is from now on. [`Seek`] computes what is usual.
    ///
    /// Reads and writes at a position of their own (`pread(2)`) work without this method, too.
    ///
    /// # Errors
    ///
    /// The errno with which the seek fails: `EINVAL` for a position that there is not, also when this method says a
    /// negative one. Without this method it is `ESPIPE`, on every kernel.
    fn llseek(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _file: &File,
        _seek: Seek,
    ) -> Result<i64> {
        Err(ESPIPE)
    }

    /// `mmap(2)`: puts pages into the new range of the program's memory, or says what it is not for.
    ///
    /// Pages that are not there when this returns are not there later either: using them is `SIGBUS`.
    ///
    /// The kernel holds the lock of the program's memory meanwhile: a user slice is not read or written here, which may
    /// wait for that lock.
    ///
    /// # Errors
    ///
    /// The errno with which `mmap(2)` fails; without this method it is `ENODEV`.
    fn mmap(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _file: &File,
        _vma: &VmaNew,
    ) -> Result {
        Err(ENODEV)
    }

    /// `poll(2)`, `select(2)` and `epoll(7)`: registers with what is notified when the file becomes ready, then says what it
    /// is ready for now, with the bits of [`events`](super::events).
    ///
    /// Without this method it is ready for everything at any time, and no epoll takes it.
    ///
    /// # Errors
    ///
    /// Whoever polls is told `EPOLLERR`.
    fn poll(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _file: &File,
        _table: PollTable<'_>,
    ) -> Result<u32> {
        Err(EINVAL)
    }

    /// `read(2)` and its relatives: says how many bytes were read, 0 for the end.
    ///
    /// # Errors
    ///
    /// The errno with which the read fails; without this method it is `EINVAL`. A read that says that it read more than
    /// there was room for, or that it was queued, fails with `EIO`.
    fn read_iter(_kiocb: Kiocb<'_, Self::Ptr>, _iov: &mut IovIterDest<'_>) -> Result<usize> {
        Err(EINVAL)
    }

    /// `write(2)` and its relatives: says how many bytes were written.
    ///
    /// # Errors
    ///
    /// The errno with which the write fails; without this method it is `EINVAL`. A write that says that it wrote more
    /// than there was, or that it was queued, fails with `EIO`.
    fn write_iter(_kiocb: Kiocb<'_, Self::Ptr>, _iov: &mut IovIterSource<'_>) -> Result<usize> {
        Err(EINVAL)
    }

    /// `ioctl(2)`: says what it returns. [`ioctl`](crate::ioctl) takes `cmd` apart.
    ///
    /// A 32-bit program comes here too, with `arg` as an address, unless there is a `compat_ioctl`.
    ///
    /// # Errors
    ///
    /// The errno with which the ioctl fails: `ENOTTY` for an unknown `cmd`, and without this method.
    fn ioctl(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _file: &File,
        _cmd: u32,
        _arg: usize,
    ) -> Result<isize> {
        Err(ENOTTY)
    }

    /// `ioctl(2)` from a 32-bit program on a 64-bit kernel: for arguments that have another layout there.
    ///
    /// # Errors
    ///
    /// As for [`ioctl`](Self::ioctl).
    fn compat_ioctl(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _file: &File,
        _cmd: u32,
        _arg: usize,
    ) -> Result<isize> {
        Err(ENOTTY)
    }

    /// Somebody reads `/proc/PID/fdinfo/FD`: adds lines of this file's own.
    fn show_fdinfo(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _m: &SeqFile,
        _file: &File,
    ) {
    }
}
