// SPDX-License-Identifier: GPL-2.0-only

//! Devices: a name, and what counts their references.

use core::ffi::{CStr, c_char};
use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::machine::current;
use crate::types::device;

/// What stands for a `struct device`.
pub(super) struct Device {
    name: CString,
    /// The name of its driver, or of its class.
    kind: &'static str,
}

impl Device {
    pub(super) fn new(kind: &'static str, name: &CStr) -> Arc<Self> {
        let name = name.to_owned();
        Arc::new(Self { name, kind })
    }

    /// Its address, as the shims take it.
    pub(super) fn as_raw(self: &Arc<Self>) -> *mut device {
        Arc::as_ptr(self).cast_mut().cast()
    }
}

/// Twin of `kx_get_device`.
///
/// # Safety
///
/// As for `kx_get_device`.
pub(crate) unsafe fn get(dev: *mut device) {
    current().held.devices.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the caller has a reference, which is that of an `Arc`.
    unsafe { Arc::increment_strong_count(dev.cast::<Device>()) };
}

/// Twin of `kx_put_device`.
///
/// # Safety
///
/// As for `kx_put_device`.
pub(crate) unsafe fn put(dev: *mut device) {
    current().held.devices.fetch_sub(1, Ordering::Relaxed);
    // SAFETY: the caller has a reference, which `get` gave.
    unsafe { Arc::decrement_strong_count(dev.cast::<Device>()) };
}

/// Twin of `kx_dev_name`.
///
/// # Safety
///
/// As for `kx_dev_name`.
pub(crate) unsafe fn name(dev: *const device) -> *const c_char {
    // SAFETY: the caller has a reference.
    unsafe { &*dev.cast::<Device>() }.name.as_ptr()
}

/// Twin of `kx_dev_printk`.
///
/// # Safety
///
/// As for `kx_dev_printk`.
pub(crate) unsafe fn printk(
    level: *const c_char,
    dev: *const device,
    format: *const c_char,
    values: &[crate::Value],
) {
    // SAFETY: it is a level as C writes it.
    let (level, _) = unsafe { super::printf::level(level) };
    // SAFETY: it is a format string for these values.
    let text = unsafe { super::printf::text(format, values) };
    // SAFETY: the caller has a reference, and the text is readable for its length.
    unsafe { print(level, dev, text.as_ptr(), text.len()) };
}

/// Twin of `kx_dev_print`.
///
/// # Safety
///
/// As for `kx_dev_print`.
pub(crate) unsafe fn print(level: u32, dev: *const device, text: *const u8, len: usize) {
    // SAFETY: the caller has a reference.
    let dev = unsafe { &*dev.cast::<Device>() };
    // SAFETY: the text is readable for so many bytes.
    let text = unsafe { core::slice::from_raw_parts(text, len) };
    let prefix = format!("{} {}: ", dev.kind, dev.name.to_string_lossy());
    super::print::write(level, &prefix, text);
}
