// SPDX-License-Identifier: GPL-2.0-only

//! Classes of devices: include/linux/device/class.h.

#![allow(unsafe_code, reason = "the C edge of device classes")]

use core::ffi::CStr;
use core::ptr::NonNull;

use crate::alloc::flags::GFP_KERNEL;
use crate::device::name::check as check_name;
use crate::error::{Result, of_kernel};
use crate::module;
use crate::sync::Arc;

/// A folder of `/sys/class`, for devices of one kind; it exists until the last one who has this is gone.
///
/// # Invariants
///
/// It is a class of `kx_class_create`, and this destroys it.
pub struct Class(NonNull<koxide_abi::types::class>);

// SAFETY: any thread may destroy a class.
unsafe impl Send for Class {}
// SAFETY: what can be done with a shared class is synchronised by the kernel.
unsafe impl Sync for Class {}

impl Class {
    /// Makes a class.
    ///
    /// # Errors
    ///
    /// `EINVAL` when no file can have the name, `EEXIST` when there is a class of this name (the log has a stack trace then), `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new(name: &'static CStr) -> Result<Arc<Self>> {
        check_name(name)?;
        let mut class = core::ptr::null_mut();
        // SAFETY: the name lives for ever, and the room is writable.
        let created = unsafe { koxide_abi::kx_class_create(&raw mut class, name.as_ptr()) };
        // SAFETY: it is the shim's, which says 0 or a negative errno.
        unsafe { of_kernel(created) }?;
        module::registered();
        // INVARIANT: it was just made.
        // SAFETY: on success it has an address.
        let class = Self(unsafe { NonNull::new_unchecked(class) });
        Ok(Arc::new(class, GFP_KERNEL)?)
    }

    /// For the kernel's functions.
    pub(super) fn as_ptr(&self) -> *mut koxide_abi::types::class {
        self.0.as_ptr()
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        // SAFETY: by the invariant it is such a class; each of its devices has this, so that there are none left.
        unsafe { koxide_abi::kx_class_destroy(self.0.as_ptr()) };
        module::retired();
        module::unregistered();
    }
}
