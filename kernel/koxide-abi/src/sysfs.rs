// SPDX-License-Identifier: GPL-2.0-only

//! Attributes of devices in sysfs: include/linux/sysfs.h. For GPL modules only.

use core::ffi::{c_char, c_int, c_void};

use crate::types::{device, kx_sysfs_group};

/// An attribute: `shims/sysfs.c` has macros that make the kernel's of it.
#[repr(C)]
pub struct SysfsAttribute {
    /// The name, NUL-terminated.
    pub name: *const c_char,
    /// Makes the content in a page: how many bytes.
    pub show: Option<unsafe extern "C" fn(data: *mut c_void, page: *mut c_char) -> isize>,
    /// Takes what is written: how many bytes.
    pub store:
        Option<unsafe extern "C" fn(data: *mut c_void, page: *const c_char, len: usize) -> isize>,
}

shims! {
    /// Makes a group that is nowhere; null when there is no memory. May sleep.
    ///
    /// # Safety
    ///
    /// `data` may be any pointer.
    pub fn kx_sysfs_alloc(data: *mut c_void) -> *mut kx_sysfs_group;

    /// Makes it a folder of a device, with its attributes. 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// It came from [`kx_sysfs_alloc`], and was not added. The device is registered, and stays so during the call. `name` is a
    /// NUL-terminated string, which the kernel copies. `room` is a table of `len` [`SysfsAttribute`], which
    /// may be called with the group's data until it is removed.
    pub fn kx_sysfs_add(
        group: *mut kx_sysfs_group,
        dev: *mut device,
        name: *const c_char,
        room: *const c_void,
        len: usize,
    ) -> c_int;

    /// Removes and frees it: when this returns, no attribute is called, and none will be. May sleep.
    ///
    /// # Safety
    ///
    /// It came from [`kx_sysfs_alloc`], and was not removed; whether it was added, and its device exists, does not matter.
    pub fn kx_sysfs_remove(group: *mut kx_sysfs_group);
}
