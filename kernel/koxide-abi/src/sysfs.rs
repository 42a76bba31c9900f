// SPDX-License-Identifier: GPL-2.0-only

//! Attributes of devices in sysfs: include/linux/sysfs.h. For GPL modules only.

use core::ffi::{c_char, c_int, c_void};

use crate::types::{device, kx_sysfs_group};

/// Room for an attribute in read-only memory; `shims/sysfs.c` checks that the target's fits.
pub const SYSFS_ATTRIBUTE_ROOM: usize = 64;

/// An attribute, as `shims/sysfs.c` reads it.
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

/// The attributes of a group, as `shims/sysfs.c` reads them.
#[repr(C)]
pub struct SysfsList {
    /// The first of them.
    pub attributes: *const SysfsAttribute,
    /// How many there are.
    pub len: usize,
}

shims! {
    /// Writes attributes; called by the generated C file before the driver's init.
    ///
    /// # Safety
    ///
    /// `list` points at a [`SysfsList`] that is never freed, nor is what it points at; `room` is writable and zero,
    /// [`SYSFS_ATTRIBUTE_ROOM`] bytes for each attribute.
    pub fn kx_sysfs_fill(room: *mut c_void, list: *const c_void);

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
    /// NUL-terminated string, which the kernel copies. `room` was filled by [`kx_sysfs_fill`] for `len` attributes, which
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
