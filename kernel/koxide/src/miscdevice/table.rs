// SPDX-License-Identifier: GPL-2.0-only

//! The functions that the kernel calls for a misc device's files: include/linux/fs.h, `struct file_operations`.

#![allow(unsafe_code, reason = "the C edge of misc devices")]

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};
use core::ptr::NonNull;

use koxide_abi::MiscdeviceOps;
use koxide_abi::types::{file, inode, iov_iter, kiocb};

use super::{MiscDevice, MiscDeviceRegistration};
use crate::entry::enter;
use crate::error::{
    Result,
    code::{EIO, EIOCBQUEUED},
    from_result,
};
use crate::fs::{File, Kiocb};
use crate::iov::{IovIterDest, IovIterSource};
use crate::table::define_table;
use crate::types::ForeignOwnable;

/// The `struct file_operations` of a driver's files.
#[inline(never)]
pub(super) fn file_operations<T: MiscDevice>() -> *const c_void {
    define_table! {
        size: koxide_abi::FILE_OPERATIONS_ROOM,
        getter: operations::<T>,
        fill: koxide_abi::kx_miscdevice_fill,
    }
}

/// The operations that a driver has.
extern "C" fn operations<T: MiscDevice>() -> *const c_void {
    enter(core::ptr::null(), || {
        (&raw const *Operations::<T>::TABLE).cast()
    })
}

/// A constant for each driver.
struct Operations<T>(T);

impl<T: MiscDevice> Operations<T> {
    const TABLE: &'static MiscdeviceOps = &MiscdeviceOps {
        open: open::<T>,
        release: release::<T>,
        read_iter: if T::HAS_READ_ITER {
            Some(read_iter::<T>)
        } else {
            None
        },
        write_iter: if T::HAS_WRITE_ITER {
            Some(write_iter::<T>)
        } else {
            None
        },
        ioctl: if T::HAS_IOCTL { Some(ioctl::<T>) } else { None },
    };
}

/// `open`: misc_open of drivers/char/misc.c has left the misc device in `private_data`.
///
/// # Safety
///
/// The kernel calls it, for a file of a misc device that this library registered.
unsafe extern "C" fn open<T: MiscDevice>(_inode: *mut inode, file: *mut file) -> c_int {
    enter(EIO.to_errno(), || {
        // SAFETY: the caller has a reference to the file, which is this driver's.
        let misc = unsafe { koxide_abi::kx_file_private_data(file) };
        // SAFETY: misc_open has put it there, and it is registered until misc_open returns, since it holds the lock
        // that unregistering takes.
        let registration = unsafe { koxide_abi::kx_miscdevice_registration(misc.cast()) };
        // SAFETY: the registration is complete before the device is registered, and exists as long as that is.
        let registration = unsafe { &*registration.cast::<MiscDeviceRegistration<T>>() };
        // SAFETY: the caller has a reference to the file during the call.
        let opened = T::open(unsafe { File::from_raw(file) }, registration);
        match opened {
            Ok(device) => {
                // SAFETY: this is the file's `open`.
                unsafe { koxide_abi::kx_file_set_private_data(file, device.into_foreign()) };
                0
            }
            Err(error) => error.to_errno(),
        }
    })
}

/// `release`: the last of all operations on a file, and alone.
///
/// # Safety
///
/// The kernel calls it, once for each file whose [`open`] returned 0.
unsafe extern "C" fn release<T: MiscDevice>(_inode: *mut inode, file: *mut file) -> c_int {
    enter(0, || {
        // SAFETY: the caller has a reference to the file, which is this driver's.
        let private = unsafe { koxide_abi::kx_file_private_data(file) };
        // SAFETY: `open` left a foreign `T::Ptr` there; it is taken back once, and no other operation is under way.
        let device = unsafe { T::Ptr::from_foreign(private) };
        // SAFETY: the file exists during the call.
        T::release(device, unsafe { File::from_raw(file) });
        0
    })
}

/// `read_iter`.
///
/// # Safety
///
/// The kernel calls it, for a file whose [`open`] returned 0.
unsafe extern "C" fn read_iter<T: MiscDevice>(kiocb: *mut kiocb, iov: *mut iov_iter) -> isize {
    enter(EIO.to_errno() as isize, || {
        from_result(|| {
            // SAFETY: the operation is under way during the call, on a file that `open` left a foreign `T::Ptr` in; it
            // is taken back only after the last operation.
            let kiocb = unsafe { kiocb_of::<T>(kiocb) };
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
unsafe extern "C" fn write_iter<T: MiscDevice>(kiocb: *mut kiocb, iov: *mut iov_iter) -> isize {
    enter(EIO.to_errno() as isize, || {
        from_result(|| {
            // SAFETY: as in `read_iter`.
            let kiocb = unsafe { kiocb_of::<T>(kiocb) };
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
unsafe extern "C" fn ioctl<T: MiscDevice>(file: *mut file, cmd: c_uint, arg: c_ulong) -> c_long {
    enter(c_long::from(EIO.to_errno()), || {
        // SAFETY: the caller has a reference to the file, which is this driver's.
        let private = unsafe { koxide_abi::kx_file_private_data(file) };
        // SAFETY: `open` left a foreign `T::Ptr` there; it is taken back only after the last operation, and only ever
        // borrowed shared before.
        let device = unsafe { T::Ptr::borrow(private) };
        // SAFETY: the caller has a reference to the file during the call.
        let file = unsafe { File::from_raw(file) };
        from_result(|| T::ioctl(device, file, cmd, arg as usize)) as c_long
    })
}

/// The operation that the kernel calls for.
///
/// # Safety
///
/// As for [`Kiocb::from_raw`], but that an address may be wrong only by being null.
unsafe fn kiocb_of<'a, T: MiscDevice>(kiocb: *mut kiocb) -> Kiocb<'a, T::Ptr> {
    // SAFETY: the kernel's operations have an address.
    let kiocb = unsafe { NonNull::new_unchecked(kiocb) };
    // SAFETY: the caller fulfils the contract.
    unsafe { Kiocb::from_raw(kiocb) }
}

/// How many bytes an operation is to say it moved, of `most` that it could.
///
/// The kernel believes it: with more it would count beyond its own buffer, and with `EIOCBQUEUED` it would wait for a
/// completion that never comes. A driver that says either is wrong, and the operation has failed.
fn answer(moved: Result<usize>, most: usize) -> Result<isize> {
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
