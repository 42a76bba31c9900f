// SPDX-License-Identifier: GPL-2.0-only

//! Misc devices: a node below `/dev`.

use core::ffi::{CStr, c_char, c_int, c_void};

use super::alloc::may_have;
use super::node::Ops;
use super::registered::Registered;
use crate::FileOperations;
use crate::types::{device, kx_miscdevice};

/// What stands for a misc device.
struct Misc {
    name: &'static CStr,
    fops: &'static FileOperations,
    registration: *mut c_void,
    registered: Registered,
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
        registered: Registered::default(),
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
    let ops = Ops::Misc(misc.fops);
    misc.registered.add("misc", misc.name, ops, raw.cast())
}

/// Twin of `kx_miscdevice_deregister`.
///
/// # Safety
///
/// As for `kx_miscdevice_deregister`.
pub(crate) unsafe fn deregister(raw: *mut kx_miscdevice) {
    // SAFETY: it is registered.
    unsafe { misc(raw) }.registered.remove();
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
    unsafe { misc(raw) }.registered.device()
}
