// SPDX-License-Identifier: GPL-2.0-only

//! Misc character devices: include/linux/miscdevice.h.

use core::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};

use crate::types::{device, file, inode, iov_iter, kiocb, kx_miscdevice};

/// Room for a `struct file_operations` in read-only memory; `shims/miscdevice.c` checks that the target's fits.
pub const FILE_OPERATIONS_ROOM: usize = 384;

/// The operations of a misc device's open files, as `shims/miscdevice.c` reads them.
#[repr(C)]
pub struct MiscdeviceOps {
    /// A file is opened. `private_data` is the [`kx_miscdevice`] before, and the driver's after it.
    pub open: unsafe extern "C" fn(inode: *mut inode, file: *mut file) -> c_int,
    /// The last reference to an open file is gone.
    pub release: unsafe extern "C" fn(inode: *mut inode, file: *mut file) -> c_int,
    /// `read(2)` and its relatives.
    pub read_iter: Option<unsafe extern "C" fn(kiocb: *mut kiocb, iov: *mut iov_iter) -> isize>,
    /// `write(2)` and its relatives.
    pub write_iter: Option<unsafe extern "C" fn(kiocb: *mut kiocb, iov: *mut iov_iter) -> isize>,
    /// `ioctl(2)`, from 64-bit programs, and from 32-bit ones with the address made wide.
    pub ioctl: Option<unsafe extern "C" fn(file: *mut file, cmd: c_uint, arg: c_ulong) -> c_long>,
}

shims! {
    /// Writes a `struct file_operations`; called by the generated C file before the driver's init.
    ///
    /// # Safety
    ///
    /// `room` is writable, [`FILE_OPERATIONS_ROOM`] bytes; `ops` points at a [`MiscdeviceOps`].
    pub fn kx_miscdevice_fill(room: *mut c_void, ops: *const c_void);

    /// Makes a misc device that is not yet known to anyone; null when there is no memory. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string and `fops` a room filled by [`kx_miscdevice_fill`]; both live as long as
    /// the result. `registration` may be any pointer: [`kx_miscdevice_registration`] gives it back.
    pub fn kx_miscdevice_alloc(name: *const c_char, fops: *const c_void, registration: *mut c_void) -> *mut kx_miscdevice;

    /// Frees what [`kx_miscdevice_alloc`] gave.
    ///
    /// # Safety
    ///
    /// `misc` is not registered, and nobody uses it.
    pub fn kx_miscdevice_free(misc: *mut kx_miscdevice);

    /// Registers it: from now on it can be opened. 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// `misc` came from [`kx_miscdevice_alloc`] and is not registered.
    pub fn kx_miscdevice_register(misc: *mut kx_miscdevice) -> c_int;

    /// Unregisters it: when this returns, no `open` is under way and none will start. May sleep.
    ///
    /// # Safety
    ///
    /// `misc` is registered.
    pub fn kx_miscdevice_deregister(misc: *mut kx_miscdevice);

    /// The `registration` that [`kx_miscdevice_alloc`] was given.
    ///
    /// # Safety
    ///
    /// `misc` was not freed.
    pub fn kx_miscdevice_registration(misc: *mut kx_miscdevice) -> *mut c_void;

    /// The device that stands for it in sysfs.
    ///
    /// # Safety
    ///
    /// `misc` is registered.
    pub fn kx_miscdevice_device(misc: *mut kx_miscdevice) -> *mut device;
}
