// SPDX-License-Identifier: GPL-2.0-only

//! Misc character devices: include/linux/miscdevice.h.

use core::ffi::{c_char, c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::miscdevice as twin;
use crate::types::device;

rooms! {
    /// The size of a misc device.
    pub const MISC_DEVICE_ROOM: usize = 80;
}

/// The minor number that stands for any.
pub const MISC_DYNAMIC_MINOR: u32 = 255;

/// Room for a misc device.
#[repr(C, align(8))]
pub struct MiscDevice(pub [u8; MISC_DEVICE_ROOM]);

shims! {
    /// Registers a misc device: from now on it can be opened. 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// `misc` points at a [`MiscDevice`] that is writable, and used by nobody else until it is unregistered or this has failed. `name` is a NUL-terminated
    /// string and `fops` a table of [`FileOperations`](crate::FileOperations); both live for ever.
    ///
    /// `minor` is [`MISC_DYNAMIC_MINOR`] for any; `mode` is 0 for the kernel's default.
    #[host(twin::register)]
    pub fn kx_misc_register(misc: *mut c_void, name: *const c_char, minor: c_int, mode: u16, fops: *const c_void) -> c_int;

    /// Unregisters it: when this returns, no `open` is under way and none will start. May sleep.
    ///
    /// # Safety
    ///
    /// `misc` is registered.
    #[host(twin::deregister)]
    pub fn kx_misc_deregister(misc: *mut c_void);
}

fields! {
    /// The device that stands for it in sysfs.
    ///
    /// # Safety
    ///
    /// `misc` is registered.
    #[host(twin::device)]
    #[field(read)]
    pub fn kx_misc_device(misc: *mut c_void) -> *mut device;
}
