// SPDX-License-Identifier: GPL-2.0-only

//! Files in `/proc`: include/linux/proc_fs.h.

use core::ffi::{c_char, c_int, c_void};

use crate::types::{file, inode, proc_dir_entry};

/// The operations of a file in `/proc`: `shims/procfs.c` has macros that make a `struct proc_ops` of them.
#[repr(C)]
pub struct ProcOps {
    /// A file is opened to be read; it calls [`kx_single_open`](crate::kx_single_open).
    pub open: Option<unsafe extern "C" fn(inode: *mut inode, file: *mut file) -> c_int>,
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
    /// Makes a folder; null when there is no memory or the name is taken, of which the kernel warns. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string, which the kernel copies; `parent` is null for `/proc` itself, or a folder that
    /// was made here and not removed.
    pub fn kx_proc_mkdir(name: *const c_char, parent: *mut proc_dir_entry) -> *mut proc_dir_entry;

    /// Makes a file; null when there is no memory or the name is taken, of which the kernel warns. May sleep.
    ///
    /// # Safety
    ///
    /// As for [`kx_proc_mkdir`]. `ops` is a table of [`ProcOps`]; its operations may be called with `data`
    /// until the file is removed.
    pub fn kx_proc_create(
        name: *const c_char,
        mode: u16,
        parent: *mut proc_dir_entry,
        ops: *const c_void,
        data: *mut c_void,
    ) -> *mut proc_dir_entry;

    /// Removes a file or folder, and what is in it: when this returns, no operation is under way, and none will start;
    /// files that are open have been released. May sleep.
    ///
    /// # Safety
    ///
    /// It was made here, and not removed.
    pub fn kx_proc_remove(entry: *mut proc_dir_entry);

    /// The `data` that [`kx_proc_create`] was given.
    ///
    /// # Safety
    ///
    /// An operation of the file is under way.
    pub fn kx_pde_data(inode: *mut inode) -> *mut c_void;
}

fields! {
    /// The inode of an open file: it lives as long.
    ///
    /// # Safety
    ///
    /// The caller has a reference to the file.
    #[host(crate::host::file::inode)]
    #[field(read)]
    pub fn kx_file_inode(file: *mut file) -> *mut inode;
}
