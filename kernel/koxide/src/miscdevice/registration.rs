// SPDX-License-Identifier: GPL-2.0-only

//! The registration of a misc device: drivers/char/misc.c.

#![allow(unsafe_code, reason = "the C edge of misc device registration")]

use core::marker::{PhantomData, PhantomPinned};
use core::pin::Pin;
use core::ptr::NonNull;

use koxide_abi::types::kx_miscdevice;
use macros::{pin_data, pinned_drop};

use super::{MiscDevice, MiscDeviceOptions, table};
use crate::device::Device;
use crate::error::{
    Error, Result,
    code::{EINVAL, ENOMEM},
    to_result,
};
use crate::module;
use crate::pin_init::{PinInit, pin_init_from_closure};

/// A misc device that is registered, until this is dropped.
///
/// Files that are open then stay open: their operations need nothing of the registration, and each keeps the module
/// loaded.
///
/// # Invariants
///
/// `misc` is registered, and its `registration` is the address of this value, which is pinned.
#[pin_data(PinnedDrop)]
pub struct MiscDeviceRegistration<T> {
    misc: NonNull<kx_miscdevice>,
    #[pin]
    _pin: PhantomPinned,
    _opens: PhantomData<fn() -> T>,
}

// SAFETY: any thread may unregister the device.
unsafe impl<T> Send for MiscDeviceRegistration<T> {}
// SAFETY: a shared registration gives out the device, which may be shared.
unsafe impl<T> Sync for MiscDeviceRegistration<T> {}

impl<T: MiscDevice> MiscDeviceRegistration<T> {
    /// Registers a misc device: an initialiser of the registration.
    ///
    /// Files may be opened before the initialiser has returned.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the name is empty, `EEXIST` when there is a device of this name, `EBUSY` when no number is free, `ENOMEM` when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn register(options: MiscDeviceOptions) -> impl PinInit<Self, Error> {
        let initialise = move |slot: *mut Self| -> Result {
            // The kernel warns of a device without a name.
            if options.name.is_empty() {
                return Err(EINVAL);
            }
            let fops = table::file_operations::<T>();
            // SAFETY: the name and the table live for ever, the latter filled before the module's init.
            let misc = unsafe {
                koxide_abi::kx_miscdevice_alloc(options.name.as_ptr(), fops, slot.cast())
            };
            let misc = NonNull::new(misc).ok_or(ENOMEM)?;
            // Whoever opens the device gets a reference to this value: it is complete before the device is registered.
            let value = Self {
                misc,
                _pin: PhantomPinned,
                _opens: PhantomData,
            };
            // SAFETY: the slot is valid for writes.
            unsafe { slot.write(value) };
            // SAFETY: it was just allocated, and is not registered.
            let registered =
                to_result(unsafe { koxide_abi::kx_miscdevice_register(misc.as_ptr()) });
            if registered.is_ok() {
                module::registered();
            } else {
                // SAFETY: it is not registered. What is left in the slot has no drop but that of the registration.
                unsafe { koxide_abi::kx_miscdevice_free(misc.as_ptr()) };
            }
            registered
        };
        // SAFETY: on success the slot was written; on failure nothing was left that needs to be dropped; the value is
        // not moved by this.
        unsafe { pin_init_from_closure(initialise) }
    }
}

impl<T> MiscDeviceRegistration<T> {
    /// The device that stands for it in sysfs, to write messages about.
    pub fn device(&self) -> &Device {
        // SAFETY: it is registered.
        let device = unsafe { koxide_abi::kx_miscdevice_device(self.misc.as_ptr()) };
        // SAFETY: the registration has a reference to the device as long as it exists.
        unsafe { Device::from_raw(device) }
    }
}

#[pinned_drop]
impl<T> PinnedDrop for MiscDeviceRegistration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: it is registered.
        unsafe { koxide_abi::kx_miscdevice_deregister(self.misc.as_ptr()) };
        // SAFETY: it is no longer registered, and no `open` is under way, which would use it.
        unsafe { koxide_abi::kx_miscdevice_free(self.misc.as_ptr()) };
        module::unregistered();
    }
}
