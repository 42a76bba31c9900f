// SPDX-License-Identifier: GPL-2.0-only

//! Devices without hardware.

use core::ffi::{CStr, c_char};
use std::sync::Arc;

use super::alloc::may_have;
use super::context;
use super::device::Device;
use crate::types::{device, kx_faux};

/// Twin of `kx_faux_create`: the device itself stands for what it is part of.
///
/// # Safety
///
/// As for `kx_faux_create`.
pub(crate) unsafe fn create(name: *const c_char, _parent: *mut device) -> *mut kx_faux {
    if !may_have() {
        return core::ptr::null_mut();
    }
    // SAFETY: it is a C string.
    let device = Device::new("faux_driver", unsafe { CStr::from_ptr(name) });
    Arc::into_raw(device).cast_mut().cast()
}

/// Twin of `kx_faux_destroy`.
///
/// # Safety
///
/// As for `kx_faux_destroy`.
pub(crate) unsafe fn destroy(faux: *mut kx_faux) {
    context::might_sleep();
    // SAFETY: `create` gave this owner up.
    drop(unsafe { Arc::from_raw(faux.cast::<Device>()) });
}

/// Twin of `kx_faux_device`.
///
/// # Safety
///
/// As for `kx_faux_device`.
pub(crate) unsafe fn device(faux: *mut kx_faux) -> *mut device {
    faux.cast()
}
