// SPDX-License-Identifier: GPL-2.0-only

//! The registration of a misc device: drivers/char/misc.c.

#![allow(unsafe_code, reason = "the C edge of misc device registration")]

use core::marker::PhantomData;
use core::ops::RangeInclusive;
use core::pin::Pin;

use koxide_abi::types::{file, inode};
use macros::{pin_data, pinned_drop};

use super::{MiscDevice, MiscDeviceNode};
use crate::device::{Device, name::check as check_name};
use crate::error::{Error, Result, code::EINVAL, of_kernel};
use crate::fs::table::{Behind, file_operations};
use crate::module;
use crate::pin_init::{PinInit, pin_init_from_closure};
use crate::types::Opaque;

/// The minor numbers that a driver may choose: 6.1 gives out those below to whoever asks for any, and 255 is how one asks.
const MINORS: RangeInclusive<u8> = 128..=254;

/// A misc device that is registered, until this is dropped.
///
/// Files that are open then stay open: their operations need nothing of the registration, and each keeps the module
/// loaded.
///
/// # Invariants
///
/// `misc` is a misc device that is registered.
#[pin_data(PinnedDrop)]
pub struct MiscDeviceRegistration<T> {
    #[pin]
    misc: Opaque<koxide_abi::MiscDevice>,
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
    /// `EINVAL` when the name is empty or the minor number none that can be chosen, `EEXIST` when there is a device of
    /// this name, `EBUSY` when the number, or any, is not free, `ENOMEM` when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn register(options: impl Into<MiscDeviceNode>) -> impl PinInit<Self, Error> {
        let node = options.into();
        let initialise = move |slot: *mut Self| -> Result {
            let name = node.options.name;
            // The kernel warns of a device without a name.
            check_name(name)?;
            if node.minor.is_some_and(|minor| !MINORS.contains(&minor)) {
                return Err(EINVAL);
            }
            let any = koxide_abi::MISC_DYNAMIC_MINOR;
            let minor = node.minor.map_or(any, u32::from).cast_signed();
            let fops = file_operations::<T, Self>();
            // SAFETY: the slot is valid for writes, so that its field has an address.
            let misc = unsafe { &raw mut (*slot).misc };
            // Whoever opens the device gets a reference to this value: it has no other field with bytes.
            // SAFETY: the room is the slot's, which stays where it is until the device is unregistered; the name and the table
            // live for ever.
            let registered = unsafe {
                koxide_abi::kx_misc_register(misc.cast(), name.as_ptr(), minor, node.mode, fops)
            };
            // SAFETY: it is the shim's, which says 0 or a negative errno.
            unsafe { of_kernel(registered) }?;
            module::registered_at(slot);
            Ok(())
        };
        // INVARIANT: it was just registered.
        // SAFETY: on success the slot is initialised, whose other field has no bytes; on failure nothing was left that needs
        // to be dropped; the value is not moved by this.
        unsafe { pin_init_from_closure(initialise) }
    }
}

impl<T> MiscDeviceRegistration<T> {
    /// The device that stands for it in sysfs, to write messages about.
    pub fn device(&self) -> &Device {
        // SAFETY: it is registered.
        let device = unsafe { koxide_abi::kx_misc_device(self.misc.get().cast()) };
        // SAFETY: the registration has a reference to the device as long as it exists.
        unsafe { Device::from_raw(device) }
    }
}

impl<T: MiscDevice> Behind for MiscDeviceRegistration<T> {
    unsafe fn with<V>(
        _inode: *mut inode,
        file: *mut file,
        open: impl FnOnce(&Self) -> Result<V>,
    ) -> Result<V> {
        // SAFETY: the caller has a reference to the file, which is this driver's.
        let misc = unsafe { koxide_abi::kx_file_private_data(file) };
        // SAFETY: misc_open of drivers/char/misc.c has put it there, and it is registered until misc_open returns, since
        // it holds the lock that unregistering takes. The registration is around it, and complete before it is registered.
        let registration = unsafe { misc.byte_sub(core::mem::offset_of!(Self, misc)) };
        // SAFETY: it is registered, as said above, so that it is initialised, pinned, and stays until this returns.
        open(unsafe { &*registration.cast::<Self>() })
    }
}

#[pinned_drop]
impl<T> PinnedDrop for MiscDeviceRegistration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: by the invariant it is registered.
        unsafe { koxide_abi::kx_misc_deregister(self.misc.get().cast()) };
        module::unregistered_at(&raw const *self);
    }
}
