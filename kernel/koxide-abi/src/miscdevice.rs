// SPDX-License-Identifier: GPL-2.0-only

//! Misc character devices: include/linux/miscdevice.h.

use core::ffi::{c_char, c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::miscdevice as twin;
use crate::types::{device, kx_miscdevice};

shims! {
    /// Makes a misc device that is not yet known to anyone; null when there is no memory. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string and `fops` a room filled by [`kx_file_operations_fill`](crate::kx_file_operations_fill); both live as long as
    /// the result. `registration` may be any pointer: [`kx_miscdevice_registration`] gives it back.
    ///
    /// `minor` is -1 for any; `mode` is 0 for the kernel's default.
    #[host(twin::alloc)]
    pub fn kx_miscdevice_alloc(name: *const c_char, minor: c_int, mode: u16, fops: *const c_void, registration: *mut c_void) -> *mut kx_miscdevice;

    /// Frees what [`kx_miscdevice_alloc`] gave.
    ///
    /// # Safety
    ///
    /// `misc` is not registered, and nobody uses it.
    #[host(twin::free)]
    pub fn kx_miscdevice_free(misc: *mut kx_miscdevice);

    /// Registers it: from now on it can be opened. 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// `misc` came from [`kx_miscdevice_alloc`] and is not registered.
    #[host(twin::register)]
    pub fn kx_miscdevice_register(misc: *mut kx_miscdevice) -> c_int;

    /// Unregisters it: when this returns, no `open` is under way and none will start. May sleep.
    ///
    /// # Safety
    ///
    /// `misc` is registered.
    #[host(twin::deregister)]
    pub fn kx_miscdevice_deregister(misc: *mut kx_miscdevice);
}

fields! {
    /// The `registration` that [`kx_miscdevice_alloc`] was given.
    ///
    /// # Safety
    ///
    /// `misc` was not freed.
    #[host(twin::registration)]
    #[field(read)]
    pub fn kx_miscdevice_registration(misc: *mut kx_miscdevice) -> *mut c_void;

    /// The device that stands for it in sysfs.
    ///
    /// # Safety
    ///
    /// `misc` is registered.
    #[host(twin::device)]
    #[field(read)]
    pub fn kx_miscdevice_device(misc: *mut kx_miscdevice) -> *mut device;
}
