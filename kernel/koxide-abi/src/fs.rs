// SPDX-License-Identifier: GPL-2.0-only

//! Open files: include/linux/fs.h.

use core::ffi::{c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::file as twin;
use crate::types::{cred, file, kiocb};

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

    /// The `O_*` flags of an open file; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    pub fn kx_file_flags(file: *mut file) -> u32;

    /// The credentials that opened the file: they live as long as it. Any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    pub fn kx_file_cred(file: *mut file) -> *const cred;

    /// The `private_data` of an open file; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, and the file is one of its driver's.
    pub fn kx_file_private_data(file: *mut file) -> *mut c_void;

    /// Sets the `private_data` of a file that is being opened.
    ///
    /// # Safety
    ///
    /// The caller is the `open` operation of this file.
    pub fn kx_file_set_private_data(file: *mut file, data: *mut c_void);

    /// The file that a read or write is for; any context.
    ///
    /// # Safety
    ///
    /// `kiocb` is that of an operation under way.
    pub fn kx_kiocb_file(kiocb: *mut kiocb) -> *mut file;

    /// Where the position of a read or write is kept; any context.
    ///
    /// # Safety
    ///
    /// `kiocb` is that of an operation under way.
    pub fn kx_kiocb_pos(kiocb: *mut kiocb) -> *mut i64;
}
