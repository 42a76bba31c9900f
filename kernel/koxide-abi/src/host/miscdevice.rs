// SPDX-License-Identifier: GPL-2.0-only

//! Misc devices: a node below `/dev`.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Arc, OnceLock};

use super::alloc::may_have;
use super::context;
use super::device::Device;
use super::errno::ENOMEM;
use super::node::{Node, Ops};
use crate::FileOperations;
use crate::types::{device, kx_miscdevice};

/// What stands for a misc device.
struct Misc {
    name: &'static CStr,
    fops: &'static FileOperations,
    registration: *mut c_void,
    registered: OnceLock<(Arc<Node>, Arc<Device>)>,
}

/// The misc device at an address.
///
/// # Safety
///
/// It came from [`alloc`], and is not freed during `'a`.
unsafe fn misc<'a>(misc: *mut kx_miscdevice) -> &'a Misc {
    // SAFETY: as the caller promises.
    unsafe { &*misc.cast() }
}

/// Twin of `kx_miscdevice_alloc`.
///
/// # Safety
///
/// As for `kx_miscdevice_alloc`.
pub(crate) unsafe fn alloc(
    name: *const c_char,
    _minor: c_int,
    _mode: u16,
    fops: *const c_void,
    registration: *mut c_void,
) -> *mut kx_miscdevice {
    if !may_have() {
        return core::ptr::null_mut();
    }
    let misc = Misc {
        // SAFETY: it is a C string that lives as long as the result.
        name: unsafe { CStr::from_ptr(name) },
        // SAFETY: outside the kernel a room is the table that it would be filled from, which lives for ever.
        fops: unsafe { &*fops.cast() },
        registration,
        registered: OnceLock::new(),
    };
    Box::into_raw(Box::new(misc)).cast()
}

/// Twin of `kx_miscdevice_free`.
///
/// # Safety
///
/// As for `kx_miscdevice_free`.
pub(crate) unsafe fn free(misc: *mut kx_miscdevice) {
    // SAFETY: `alloc` made it of a box, and nobody uses it any more.
    drop(unsafe { Box::from_raw(misc.cast::<Misc>()) });
}

/// Twin of `kx_miscdevice_register`.
///
/// # Safety
///
/// As for `kx_miscdevice_register`.
pub(crate) unsafe fn register(raw: *mut kx_miscdevice) -> c_int {
    // SAFETY: the caller has it.
    let misc = unsafe { misc(raw) };
    if !may_have() {
        return -ENOMEM;
    }
    let path = format!("/dev/{}", misc.name.to_string_lossy());
    // What opens it asks for the device: that is there first.
    let device = Device::new("misc", misc.name);
    match Node::add(path, Ops::Misc(misc.fops), raw.cast()) {
        Ok(node) => {
            assert!(
                misc.registered.set((node, device)).is_ok(),
                "registered twice"
            );
            0
        }
        Err(errno) => errno,
    }
}

/// Twin of `kx_miscdevice_deregister`.
///
/// # Safety
///
/// As for `kx_miscdevice_deregister`.
pub(crate) unsafe fn deregister(raw: *mut kx_miscdevice) {
    context::might_sleep();
    // SAFETY: it is registered.
    let registered = unsafe { misc(raw) }.registered.get();
    registered.expect("it was not registered").0.remove();
}

/// Twin of `kx_miscdevice_registration`.
///
/// # Safety
///
/// As for `kx_miscdevice_registration`.
pub(crate) unsafe fn registration(raw: *mut kx_miscdevice) -> *mut c_void {
    // SAFETY: it was not freed.
    unsafe { misc(raw) }.registration
}

/// Twin of `kx_miscdevice_device`.
///
/// # Safety
///
/// As for `kx_miscdevice_device`.
pub(crate) unsafe fn device(raw: *mut kx_miscdevice) -> *mut device {
    // SAFETY: it is registered.
    let registered = unsafe { misc(raw) }.registered.get();
    registered.expect("it was not registered").1.as_raw()
}
