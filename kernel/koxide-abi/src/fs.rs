// SPDX-License-Identifier: GPL-2.0-only

//! Open files, and the operations on them: include/linux/fs.h.

use core::ffi::{c_int, c_long, c_uint, c_ulong, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::file as twin;
use crate::types::{
    cred, file, inode, iov_iter, kiocb, poll_table_struct, seq_file, vm_area_struct,
};

/// The operations of a driver's open files: `shims/fs.c` has macros that make a `struct file_operations` of them.
#[repr(C)]
pub struct FileOperations {
    /// A file is opened. From now on `private_data` is the driver's.
    pub open: unsafe extern "C" fn(inode: *mut inode, file: *mut file) -> c_int,
    /// The last reference to an open file is gone.
    pub release: Option<unsafe extern "C" fn(inode: *mut inode, file: *mut file) -> c_int>,
    /// `lseek(2)`.
    pub llseek: Option<unsafe extern "C" fn(file: *mut file, offset: i64, whence: c_int) -> i64>,
    /// `read(2)` and its relatives.
    pub read_iter: Option<unsafe extern "C" fn(kiocb: *mut kiocb, iov: *mut iov_iter) -> isize>,
    /// `write(2)` and its relatives.
    pub write_iter: Option<unsafe extern "C" fn(kiocb: *mut kiocb, iov: *mut iov_iter) -> isize>,
    /// `ioctl(2)`, from 64-bit programs.
    pub ioctl: Option<unsafe extern "C" fn(file: *mut file, cmd: c_uint, arg: c_ulong) -> c_long>,
    /// `ioctl(2)` from 32-bit programs; without it `ioctl` is called, with the address made wide.
    pub compat_ioctl:
        Option<unsafe extern "C" fn(file: *mut file, cmd: c_uint, arg: c_ulong) -> c_long>,
    /// `poll(2)` and its relatives.
    pub poll:
        Option<unsafe extern "C" fn(file: *mut file, table: *mut poll_table_struct) -> c_uint>,
    /// `mmap(2)`.
    pub mmap: Option<unsafe extern "C" fn(file: *mut file, vma: *mut vm_area_struct) -> c_int>,
    /// A read of `/proc/PID/fdinfo/FD`.
    pub show_fdinfo: Option<unsafe extern "C" fn(seq: *mut seq_file, file: *mut file)>,
}

shims! {
    /// Takes one more reference to an open file: 1, or 0 when the last one is gone and the file is being released. Any
    /// context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, or is the `release` operation of this file.
    #[host(twin::get)]
    pub fn kx_get_file(file: *mut file) -> c_int;

    /// Gives a reference back; the last one closes the file, in the closing thread's own time. Any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, which it no longer uses.
    #[host(twin::put)]
    pub fn kx_fput(file: *mut file);

    /// Moves an open file to a position, which it returns; a negative errno for a negative one. Any context.
    ///
    /// # Safety
    ///
    /// The caller is the `llseek` operation of this file.
    #[host(twin::set_pos)]
    pub fn kx_vfs_setpos(file: *mut file, pos: i64) -> i64;
}

fields! {
    /// The `O_*` flags of an open file; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::flags)]
    #[field(read_once)]
    pub fn kx_file_flags(file: *mut file) -> u32;

    /// The credentials that opened the file: they live as long as it. Any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::cred)]
    #[field(read)]
    pub fn kx_file_cred(file: *mut file) -> *const cred;

    /// The `private_data` of an open file; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, and the file is one of its driver's.
    #[host(twin::private_data)]
    #[field(read)]
    pub fn kx_file_private_data(file: *mut file) -> *mut c_void;

    /// Sets the `private_data` of a file that is being opened.
    ///
    /// # Safety
    ///
    /// The caller is the `open` operation of this file.
    #[host(twin::set_private_data)]
    #[field(write)]
    pub fn kx_file_set_private_data(file: *mut file, data: *mut c_void);

    /// The number of the device that an inode is of, or 0; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[field(read)]
    pub fn kx_inode_rdev(inode: *mut inode) -> u32;

    /// The file that a read or write is for; any context.
    ///
    /// # Safety
    ///
    /// `kiocb` is that of an operation under way.
    #[host(twin::kiocb_file)]
    #[field(read)]
    pub fn kx_kiocb_file(kiocb: *mut kiocb) -> *mut file;

    /// Where the position of a read or write is kept; any context.
    ///
    /// # Safety
    ///
    /// `kiocb` is that of an operation under way.
    #[host(twin::kiocb_pos)]
    #[field(place)]
    pub fn kx_kiocb_pos(kiocb: *mut kiocb) -> *mut i64;

    /// The position of an open file: where the next read or write starts. Any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::pos)]
    #[field(read_once)]
    pub fn kx_file_pos(file: *mut file) -> i64;
}
