// SPDX-License-Identifier: GPL-2.0-only

//! Devices of the driver core: include/linux/device.h. Counting references is for GPL modules only.

use core::ffi::c_char;

#[cfg(not(target_os = "none"))]
use crate::host::device as twin;
use crate::types::device;

shims! {
    /// Takes one more reference; any context. GPL only.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::get)]
    pub fn kx_get_device(dev: *mut device);

    /// Gives a reference back; may sleep. GPL only.
    ///
    /// # Safety
    ///
    /// The caller has a reference, which it no longer uses.
    #[host(twin::put)]
    pub fn kx_put_device(dev: *mut device);

    /// The device's name: it lives as long as the device, as long as nobody renames it.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::name)]
    pub fn kx_dev_name(dev: *const device) -> *const c_char;

    /// Writes `len` bytes at `text` to the log, with the driver's and the device's name; any context.
    ///
    /// `level` is 0 (emergency) to 7 (debug).
    ///
    /// # Safety
    ///
    /// The caller has a reference; `text` is readable for `len` bytes.
    #[host(twin::print)]
    pub fn kx_dev_print(level: u32, dev: *const device, text: *const u8, len: usize);
}

variadic_shims! {
    /// Formats a message and writes it to the log, with the driver's and the device's name; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference; `level` is a level as C writes it, and `format` a NUL-terminated string for these values.
    #[host(twin::printk)]
    pub fn kx_dev_printk(level: *const c_char, dev: *const device, format: *const c_char, ...);
}
