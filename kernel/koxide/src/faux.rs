// SPDX-License-Identifier: GPL-2.0-only

//! Devices without hardware: include/linux/device/faux.h.
//!
//! A driver that has none needs a device all the same, to log on and to hang attributes on. It is in
//! `/sys/devices/faux`; kernels before 6.14 do not have that, and there it is a platform device,
//! `/sys/devices/platform/<name>`, with a driver of the module's own, `faux_driver.<module>`. For modules with a GPL-compatible
//! licence only.
//!
//! # Examples
//!
//! ```no_run
//! # // kunit: run
//! use kernel::{faux, prelude::*};
//!
//! let registration = faux::Registration::new(c"my-device", None)?;
//! dev_info!(registration.as_ref(), "registered\n");
//! # Ok::<(), Error>(())
//! ```

#![allow(unsafe_code, reason = "the C edge of faux devices")]

use core::ffi::CStr;
use core::ptr::NonNull;

use koxide_abi::types::kx_faux;

use crate::device::{self, Bound, DeviceContext, Normal, name::check as check_name};
use crate::error::{Result, code::ENODEV};
use crate::module;

/// A device without hardware.
#[repr(transparent)]
pub struct Device<Ctx: DeviceContext = Normal>(device::Device<Ctx>);

impl<Ctx: DeviceContext> AsRef<device::Device<Ctx>> for Device<Ctx> {
    fn as_ref(&self) -> &device::Device<Ctx> {
        &self.0
    }
}

/// A device without hardware that is registered, until this is dropped.
///
/// # Invariants
///
/// The device was made, and not removed; its driver is bound to it.
pub struct Registration(NonNull<kx_faux>);

// SAFETY: any thread may remove the device.
unsafe impl Send for Registration {}
// SAFETY: a shared registration gives out the device, which may be shared.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a device, in the folder of a parent if there is one. The parent is there as long as the device: the kernel
    /// warns of one that goes first.
    ///
    /// # Errors
    ///
    /// `ENODEV` when it cannot be made: no file can have the name, it is taken, or there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new(name: &CStr, parent: Option<&device::Device>) -> Result<Self> {
        // The kernel warns of a device without a name, and of one whose name is too long to be told to user space.
        check_name(name).map_err(|_| ENODEV)?;
        let parent = parent.map_or(core::ptr::null_mut(), device::Device::as_raw);
        // SAFETY: the name is a C string, and there is a reference to the parent.
        let faux = unsafe { koxide_abi::kx_faux_create(name.as_ptr(), parent) };
        let faux = NonNull::new(faux).ok_or(ENODEV)?;
        module::registered();
        // INVARIANT: it was just made, and is bound.
        Ok(Self(faux))
    }
}

impl AsRef<Device<Bound>> for Registration {
    fn as_ref(&self) -> &Device<Bound> {
        // SAFETY: by the invariant it was not removed.
        let device = unsafe { koxide_abi::kx_faux_device(self.0.as_ptr()) };
        // SAFETY: it is registered and bound as long as the registration exists, since nobody else unbinds it; the struct has
        // the layout of its one field.
        unsafe { &*device.cast() }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: by the invariant it was not removed.
        unsafe { koxide_abi::kx_faux_destroy(self.0.as_ptr()) };
        module::unregistered();
    }
}
