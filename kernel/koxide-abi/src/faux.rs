// SPDX-License-Identifier: GPL-2.0-only

//! Devices without hardware: include/linux/device/faux.h. For GPL modules only.

use core::ffi::c_char;

#[cfg(not(target_os = "none"))]
use crate::host::faux as twin;
use crate::types::{device, kx_faux};

shims! {
    /// Makes a device with a driver that does nothing, and binds the two; null when that is not possible. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string, which the kernel copies; `parent` is null, or the caller has a reference to it.
    #[host(twin::create)]
    pub fn kx_faux_create(name: *const c_char, parent: *mut device) -> *mut kx_faux;

    /// Removes it. May sleep.
    ///
    /// # Safety
    ///
    /// It came from [`kx_faux_create`], and was not removed.
    #[host(twin::destroy)]
    pub fn kx_faux_destroy(faux: *mut kx_faux);

    /// The device.
    ///
    /// # Safety
    ///
    /// It came from [`kx_faux_create`], and was not removed.
    #[host(twin::device)]
    pub fn kx_faux_device(faux: *mut kx_faux) -> *mut device;
}
