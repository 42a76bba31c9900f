// SPDX-License-Identifier: GPL-2.0-only

//! Misc devices: a node below `/dev`. The room has the address of what stands for one.

use core::ffi::{CStr, c_char, c_int, c_void};

use super::node::Ops;
use super::registered::Registered;
use crate::FileOperations;
use crate::types::device;

/// Where the address is.
///
/// # Safety
///
/// `misc` is valid, and used by these functions only.
unsafe fn room<'a>(misc: *mut c_void) -> &'a mut *mut Registered {
    // SAFETY: the room is large enough for an address and aligned for one; the rest is as the caller promises.
    unsafe { &mut *misc.cast() }
}

/// What stands for a misc device.
///
/// # Safety
///
/// It is registered during `'a`.
unsafe fn registered<'a>(misc: *mut c_void) -> &'a Registered {
    // SAFETY: the room is valid, since it is registered.
    let room = unsafe { room(misc) };
    // SAFETY: `register` made it of a box, which `deregister` takes back.
    unsafe { &**room }
}

/// Twin of `kx_misc_register`.
///
/// # Safety
///
/// As for `kx_misc_register`.
pub(crate) unsafe fn register(
    misc: *mut c_void,
    name: *const c_char,
    _minor: c_int,
    _mode: u16,
    fops: *const c_void,
) -> c_int {
    // SAFETY: it is a C string that lives for ever.
    let name = unsafe { CStr::from_ptr(name) };
    // SAFETY: outside the kernel a table is the one that a kernel's would be made of, which lives for ever.
    let fops: &'static FileOperations = unsafe { &*fops.cast() };
    let new = Box::into_raw(Box::<Registered>::default());
    // SAFETY: the room is the caller's to be filled. Its bytes may have no value yet.
    unsafe { misc.cast::<*mut Registered>().write(new) };
    // SAFETY: it is a new box.
    let errno = unsafe { &*new }.add("misc", name, Ops::Misc(fops), misc);
    if errno != 0 {
        // SAFETY: nobody has it.
        drop(unsafe { Box::from_raw(new) });
    }
    errno
}

/// Twin of `kx_misc_deregister`.
///
/// # Safety
///
/// As for `kx_misc_deregister`.
pub(crate) unsafe fn deregister(misc: *mut c_void) {
    // SAFETY: it is registered.
    unsafe { registered(misc) }.remove();
    // SAFETY: the room is valid.
    let room = unsafe { room(misc) };
    // SAFETY: `register` made it of a box, and nobody uses it any more.
    drop(unsafe { Box::from_raw(*room) });
}

/// Twin of `kx_misc_device`.
///
/// # Safety
///
/// As for `kx_misc_device`.
pub(crate) unsafe fn device(misc: *mut c_void) -> *mut device {
    // SAFETY: it is registered.
    unsafe { registered(misc) }.device()
}
