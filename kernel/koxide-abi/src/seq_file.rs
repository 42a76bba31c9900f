// SPDX-License-Identifier: GPL-2.0-only

//! Files whose content is made when they are read: include/linux/seq_file.h.

use core::ffi::{c_int, c_void};

use crate::types::{file, inode, seq_file};

shims! {
    /// Adds `len` bytes at `text` to a file's content. What has no room is made again, with more of it. Process context.
    ///
    /// # Safety
    ///
    /// `m` is that of a `show` under way, on this thread; `text` is readable for `len` bytes.
    pub fn kx_seq_write(m: *mut seq_file, text: *const u8, len: usize);

    /// Opens a file whose whole content is made by one call of `show`. 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// The caller is the `open` operation of this file, whose table the shims filled for this; `show` and `data` can be
    /// used as long as operations of the file can be.
    pub fn kx_single_open(
        file: *mut file,
        show: unsafe extern "C" fn(m: *mut seq_file, unused: *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;

    /// The other end of [`kx_single_open`]: 0.
    ///
    /// # Safety
    ///
    /// The caller is the `release` operation of a file that [`kx_single_open`] opened.
    pub fn kx_single_release(inode: *mut inode, file: *mut file) -> c_int;
}

fields! {
    /// The `data` that [`kx_single_open`] was given.
    ///
    /// # Safety
    ///
    /// `m` is that of a `show` under way.
    #[field(read)]
    pub fn kx_seq_private(m: *mut seq_file) -> *mut c_void;
}
