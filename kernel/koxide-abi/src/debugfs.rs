// SPDX-License-Identifier: GPL-2.0-only

//! Files in debugfs: include/linux/debugfs.h. For GPL modules only.

use core::ffi::{c_char, c_int, c_void};

use crate::types::{dentry, file, inode};

/// The operations of a file in debugfs: `shims/debugfs.c` has macros that make a `struct file_operations` of them.
#[repr(C)]
pub struct DebugfsOps {
    /// A file of text is opened to be read; it calls [`kx_single_open`](crate::kx_single_open).
    pub open: Option<unsafe extern "C" fn(inode: *mut inode, file: *mut file) -> c_int>,
    /// `read(2)` of a file that is not text: `buffer` is an address in user memory.
    pub read: Option<
        unsafe extern "C" fn(
            file: *mut file,
            buffer: *mut c_char,
            len: usize,
            pos: *mut i64,
        ) -> isize,
    >,
    /// `write(2)`: `buffer` is an address in user memory.
    pub write: Option<
        unsafe extern "C" fn(
            file: *mut file,
            buffer: *const c_char,
            len: usize,
            pos: *mut i64,
        ) -> isize,
    >,
}

shims! {
    /// Makes a folder; null when that is not possible. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string, which the kernel copies; `parent` is null for the root, or a folder that was made
    /// here and not removed.
    pub fn kx_debugfs_create_dir(name: *const c_char, parent: *mut dentry) -> *mut dentry;

    /// Makes a file; null when that is not possible. May sleep.
    ///
    /// # Safety
    ///
    /// As for [`kx_debugfs_create_dir`]. `ops` is a table of [`DebugfsOps`]; its operations may be called with
    /// `data` until the file is removed.
    pub fn kx_debugfs_create_file(
        name: *const c_char,
        mode: u16,
        parent: *mut dentry,
        data: *mut c_void,
        ops: *const c_void,
    ) -> *mut dentry;

    /// Removes a file or folder, and what is in it: when this returns, no operation is under way, and none will start. May
    /// sleep.
    ///
    /// # Safety
    ///
    /// It was made here, and not removed.
    pub fn kx_debugfs_remove(entry: *mut dentry);
}

fields! {
    /// The data that an inode's file was made with.
    ///
    /// # Safety
    ///
    /// An operation of a file in debugfs is under way, and this is its inode.
    #[field(read)]
    pub fn kx_inode_private(inode: *mut inode) -> *mut c_void;
}
