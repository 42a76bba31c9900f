// SPDX-License-Identifier: GPL-2.0-only

//! The functions that the kernel calls for a driver's files: include/linux/fs.h, `struct file_operations`.

#![allow(unsafe_code, reason = "the C edge of file operations")]

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};
use core::marker::PhantomData;
use core::ptr::NonNull;

use koxide_abi::types::{
    file, inode, iov_iter, kiocb, poll_table_struct, seq_file, vm_area_struct,
};

use super::{File, FileOperations, Kiocb, Seek, Whence, events};
use crate::entry::{Always, Device, Opened, Request, callback, closed, enter, opening};
use crate::error::{
    Result,
    code::{EIO, EIOCBQUEUED},
    from_result,
};
use crate::iov::{IovIterDest, IovIterSource};
use crate::mm::virt::VmaNew;
use crate::seq_file::SeqFile;
use crate::sync::poll::PollTable;
use crate::table::define_table;
use crate::types::ForeignOwnable;

/// What a file is opened for: the `R` of [`FileOperations`].
pub(crate) trait Behind: Sized + 'static {
    /// Calls `open` with what stands behind a file that is being opened.
    ///
    /// # Safety
    ///
    /// `inode` and `file` are those that the `open` operation was called with, of a table that was registered with the
    /// kernel for a `Self`.
    unsafe fn with<T>(
        inode: *mut inode,
        file: *mut file,
        open: impl FnOnce(&Self) -> Result<T>,
    ) -> Result<T>;
}

/// The `struct file_operations` of a driver's files. It is registered for an `R` only.
pub(crate) fn file_operations<T: FileOperations<R>, R: Behind>() -> *const c_void {
    define_table! {
        kind: "file_operations",
        row: koxide_abi::FileOperations,
        rows: 1,
        getter: operations::<T, R>,
    }
}

/// The operations that a driver has.
fn operations<T: FileOperations<R>, R: Behind>() -> *const c_void {
    (&raw const *Operations::<T, R>::TABLE).cast()
}

/// A constant for each driver.
struct Operations<T, R>(PhantomData<(T, R)>);

/// `Some` of a function, if the driver has it.
macro_rules! if_has {
    ($has:ident, $function:ident) => {
        if T::$has {
            Some($function::<T, R>)
        } else {
            None
        }
    };
}

impl<T: FileOperations<R>, R: Behind> Operations<T, R> {
    const TABLE: &'static koxide_abi::FileOperations = &koxide_abi::FileOperations {
        open: open::<T, R>,
        // The kernel need not call a function that has nothing to do.
        release: if T::HAS_RELEASE || core::mem::needs_drop::<T::Ptr>() {
            Some(release::<T, R>)
        } else {
            None
        },
        llseek: if_has!(HAS_LLSEEK, llseek),
        read_iter: if_has!(HAS_READ_ITER, read_iter),
        write_iter: if_has!(HAS_WRITE_ITER, write_iter),
        ioctl: if_has!(HAS_IOCTL, ioctl),
        compat_ioctl: if_has!(HAS_COMPAT_IOCTL, compat_ioctl),
        poll: if_has!(HAS_POLL, poll),
        mmap: if_has!(HAS_MMAP, mmap),
        show_fdinfo: if_has!(HAS_SHOW_FDINFO, show_fdinfo),
    };
}

/// What the driver keeps for a file.
///
/// # Safety
///
/// The file is this driver's, its [`open`] returned 0, and its [`release`] is not called during `'a`.
unsafe fn device_of<'a, T: FileOperations<R>, R>(
    file: *mut file,
) -> <T::Ptr as ForeignOwnable>::Borrowed<'a> {
    // SAFETY: the caller has a reference to the file, which is this driver's.
    let private = unsafe { koxide_abi::kx_file_private_data(file) };
    // SAFETY: `open` left a foreign `T::Ptr` there; it is taken back only after the last operation, and only ever
    // borrowed shared before.
    unsafe { T::Ptr::borrow(private) }
}

/// `open`.
///
/// # Safety
///
/// The kernel calls it, for a file whose table was registered for an `R`.
unsafe extern "C" fn open<T: FileOperations<R>, R: Behind>(
    inode: *mut inode,
    file: *mut file,
) -> c_int {
    let answer = enter(callback::OPEN, Opened(file), || {
        if let Err(error) = opening(file) {
            return error.to_errno();
        }
        // SAFETY: the caller has a reference to the file during the call.
        let opened = unsafe { File::from_raw(file) };
        // SAFETY: these are the `open` operation's, of a table that was registered for an `R`.
        let device = unsafe { R::with(inode, file, |behind| T::open(opened, behind)) };
        match device {
            Ok(device) => {
                // SAFETY: this is the file's `open`.
                unsafe { koxide_abi::kx_file_set_private_data(file, device.into_foreign()) };
                0
            }
            Err(error) => error.to_errno(),
        }
    });
    if answer != 0 {
        closed(file);
    }
    answer
}

/// `release`: the last of all operations on a file, and alone.
///
/// # Safety
///
/// The kernel calls it, once for each file whose [`open`] returned 0.
unsafe extern "C" fn release<T: FileOperations<R>, R: Behind>(
    _inode: *mut inode,
    file: *mut file,
) -> c_int {
    let answer = enter(callback::RELEASE, Always(Device(file)), || {
        // SAFETY: the caller has a reference to the file, which is this driver's.
        let private = unsafe { koxide_abi::kx_file_private_data(file) };
        // SAFETY: `open` left a foreign `T::Ptr` there; it is taken back once, and no other operation is under way.
        let device = unsafe { T::Ptr::from_foreign(private) };
        // SAFETY: the file exists during the call.
        T::release(device, unsafe { File::from_raw(file) });
        0
    });
    closed(file);
    answer
}

/// `llseek`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn llseek<T: FileOperations<R>, R: Behind>(
    file: *mut file,
    offset: i64,
    whence: c_int,
) -> i64 {
    enter(callback::LLSEEK, Device(file), || {
        // SAFETY: the operation is under way during the call.
        let device = unsafe { device_of::<T, R>(file) };
        // SAFETY: the caller has a reference to the file.
        let position = unsafe { koxide_abi::kx_file_pos(file) };
        let seek = Whence::try_from(whence).map(|whence| Seek {
            offset,
            whence,
            position,
        });
        // SAFETY: the caller has a reference to the file during the call.
        let opened = unsafe { File::from_raw(file) };
        match seek.and_then(|seek| T::llseek(device, opened, seek)) {
            // SAFETY: this is the file's `llseek`.
            Ok(position) => unsafe { koxide_abi::kx_vfs_setpos(file, position) },
            Err(error) => error.to_errno().into(),
        }
    })
}

/// `read_iter`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn read_iter<T: FileOperations<R>, R: Behind>(
    kiocb: *mut kiocb,
    iov: *mut iov_iter,
) -> isize {
    enter(callback::READ_ITER, Request(kiocb), || {
        from_result(|| {
            // SAFETY: the operation is under way during the call, on a file that `open` left a foreign `T::Ptr` in; it
            // is taken back only after the last operation.
            let kiocb = unsafe { kiocb_of::<T, R>(kiocb) };
            // SAFETY: the kernel's iterators have an address.
            let iov = unsafe { NonNull::new_unchecked(iov) };
            // SAFETY: a read's iterator is a destination, valid and this function's during the call.
            let mut iov = unsafe { IovIterDest::from_raw(iov) };
            let most = iov.len();
            answer(T::read_iter(kiocb, &mut iov), most)
        })
    })
}

/// `write_iter`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn write_iter<T: FileOperations<R>, R: Behind>(
    kiocb: *mut kiocb,
    iov: *mut iov_iter,
) -> isize {
    enter(callback::WRITE_ITER, Request(kiocb), || {
        from_result(|| {
            // SAFETY: the operation is under way during the call, on a file that `open` left a foreign `T::Ptr` in; it
            // is taken back only after the last operation.
            let kiocb = unsafe { kiocb_of::<T, R>(kiocb) };
            // SAFETY: the kernel's iterators have an address.
            let iov = unsafe { NonNull::new_unchecked(iov) };
            // SAFETY: a write's iterator is a source, valid and this function's during the call.
            let mut iov = unsafe { IovIterSource::from_raw(iov) };
            let most = iov.len();
            answer(T::write_iter(kiocb, &mut iov), most)
        })
    })
}

/// `unlocked_ioctl`, and `compat_ioctl` by way of compat_ptr_ioctl.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn ioctl<T: FileOperations<R>, R: Behind>(
    file: *mut file,
    cmd: c_uint,
    arg: c_ulong,
) -> c_long {
    enter(callback::IOCTL, Device(file), || {
        // SAFETY: the operation is under way during the call.
        let device = unsafe { device_of::<T, R>(file) };
        // SAFETY: the caller has a reference to the file during the call.
        let file = unsafe { File::from_raw(file) };
        from_result(|| T::ioctl(device, file, cmd, arg as usize)) as c_long
    })
}

/// `compat_ioctl`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn compat_ioctl<T: FileOperations<R>, R: Behind>(
    file: *mut file,
    cmd: c_uint,
    arg: c_ulong,
) -> c_long {
    enter(callback::COMPAT_IOCTL, Device(file), || {
        // SAFETY: the operation is under way during the call.
        let device = unsafe { device_of::<T, R>(file) };
        // SAFETY: the caller has a reference to the file during the call.
        let file = unsafe { File::from_raw(file) };
        from_result(|| T::compat_ioctl(device, file, cmd, arg as usize)) as c_long
    })
}

/// `poll`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn poll<T: FileOperations<R>, R: Behind>(
    file: *mut file,
    table: *mut poll_table_struct,
) -> c_uint {
    enter(callback::POLL, Device(file), || {
        // SAFETY: the operation is under way during the call.
        let device = unsafe { device_of::<T, R>(file) };
        // SAFETY: the caller has a reference to the file during the call.
        let file = unsafe { File::from_raw(file) };
        // SAFETY: the table is null or valid during the call, and the driver cannot keep it for longer.
        let table = unsafe { PollTable::from_raw(table) };
        match T::poll(device, file, table) {
            Ok(ready) => ready & events::ALL,
            Err(_) => events::EPOLLERR,
        }
    })
}

/// `mmap`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn mmap<T: FileOperations<R>, R: Behind>(
    file: *mut file,
    vma: *mut vm_area_struct,
) -> c_int {
    enter(callback::MMAP, Device(file), || {
        // SAFETY: the operation is under way during the call.
        let device = unsafe { device_of::<T, R>(file) };
        // SAFETY: the caller has a reference to the file during the call.
        let file = unsafe { File::from_raw(file) };
        // SAFETY: the range is being made during the call, and nobody else knows of it.
        let vma = unsafe { VmaNew::from_raw(vma) };
        match T::mmap(device, file, vma) {
            Ok(()) => 0,
            Err(error) => error.to_errno(),
        }
    })
}

/// `show_fdinfo`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn show_fdinfo<T: FileOperations<R>, R: Behind>(
    seq: *mut seq_file,
    file: *mut file,
) {
    enter(callback::SHOW_FDINFO, Device(file), || {
        // SAFETY: the operation is under way during the call, with a reference to the file.
        let device = unsafe { device_of::<T, R>(file) };
        // SAFETY: the caller has a reference to the file during the call.
        let file = unsafe { File::from_raw(file) };
        // SAFETY: a `show` is under way on this thread during the call.
        T::show_fdinfo(device, unsafe { SeqFile::from_raw(seq) }, file);
    });
}

/// The operation that the kernel calls for.
///
/// # Safety
///
/// As for [`Kiocb::from_raw`], but that an address may be wrong only by being null.
unsafe fn kiocb_of<'a, T: FileOperations<R>, R>(kiocb: *mut kiocb) -> Kiocb<'a, T::Ptr> {
    // SAFETY: the kernel's operations have an address.
    let kiocb = unsafe { NonNull::new_unchecked(kiocb) };
    // SAFETY: the caller fulfils the contract.
    unsafe { Kiocb::from_raw(kiocb) }
}

/// How many bytes an operation is to say it moved, of `most` that it could.
///
/// The kernel believes it: with more it would count beyond its own buffer, and with `EIOCBQUEUED` it would wait for a
/// completion that never comes. A driver that says either is wrong, and the operation has failed.
pub(crate) fn answer(moved: Result<usize>, most: usize) -> Result<isize> {
    match moved {
        Ok(moved) if moved <= most => Ok(isize::try_from(moved)?),
        Ok(_) | Err(EIOCBQUEUED) => Err(EIO),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code::EAGAIN;

    #[test]
    fn an_operation_says_only_what_the_kernel_can_believe() {
        assert_eq!(answer(Ok(0), 0), Ok(0));
        assert_eq!(answer(Ok(4), 4), Ok(4));
        assert_eq!(answer(Err(EAGAIN), 4), Err(EAGAIN));
        assert_eq!(answer(Ok(5), 4), Err(EIO));
        assert!(answer(Ok(usize::MAX), usize::MAX).is_err());
        assert_eq!(answer(Err(EIOCBQUEUED), 4), Err(EIO));
    }
}
