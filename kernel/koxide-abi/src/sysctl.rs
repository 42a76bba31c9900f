// SPDX-License-Identifier: GPL-2.0-only

//! Tables of `/proc/sys`: include/linux/sysctl.h. Some kinds of entries are for GPL modules only.

use core::ffi::{c_char, c_void};

use crate::types::ctl_table_header;

/// An `int` between two limits.
pub const SYSCTL_INT: usize = 0;
/// An `unsigned int` between two limits. GPL only.
pub const SYSCTL_UINT: usize = 1;
/// An `unsigned long` between two limits.
pub const SYSCTL_ULONG: usize = 2;
/// A byte that is 0 or 1. GPL only.
pub const SYSCTL_BOOL: usize = 3;
/// A text with a NUL at its end, which [`kx_sysctl_copy`] reads and writes.
pub const SYSCTL_TEXT: usize = 4;

/// A file in `/proc/sys`: `shims/sysctl.c` has macros that make a `struct ctl_table` of it.
#[repr(C)]
pub struct SysctlEntry {
    /// The name, NUL-terminated.
    pub name: *const c_char,
    /// Where the value is.
    pub data: *mut c_void,
    /// How many bytes it has.
    pub size: usize,
    /// The smallest value; of a number without a sign the same bits.
    pub min: isize,
    /// The largest value, likewise.
    pub max: isize,
    /// One of the `SYSCTL_*`.
    pub kind: usize,
    /// The permission bits.
    pub mode: usize,
}

shims! {
    /// Makes the files; not null, but maybe an `ERR_PTR`: that a name is taken, another thread of the module is at it, there is no
    /// `/proc/sys`, there is no memory, or the kernel does not like the table, which the log then tells. May sleep.
    ///
    /// # Safety
    ///
    /// `path` is a NUL-terminated string and `room` a table of `len` [`SysctlEntry`], of which there are some; both live until
    /// the files are removed.
    pub fn kx_sysctl_register(
        path: *const c_char,
        room: *const c_void,
        len: usize,
    ) -> *mut ctl_table_header;

    /// Removes the files: when this returns, nobody reads or writes them. May sleep.
    ///
    /// # Safety
    ///
    /// `header` came from [`kx_sysctl_register`], and was not unregistered.
    pub fn kx_sysctl_unregister(header: *mut ctl_table_header);

    /// Copies `len` bytes while nobody writes a [`SYSCTL_TEXT`] of this module. May sleep.
    ///
    /// # Safety
    ///
    /// `from` is readable and `to` writable for `len` bytes; one of them is the data of a text, or its start.
    pub fn kx_sysctl_copy(to: *mut c_void, from: *const c_void, len: usize);
}
