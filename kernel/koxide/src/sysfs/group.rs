// SPDX-License-Identifier: GPL-2.0-only

//! Attributes that are in sysfs as long as they exist: fs/sysfs/dir.c.

#![allow(unsafe_code, reason = "the C edge of attributes")]

use core::cell::Cell;
use core::ffi::CStr;
use core::marker::PhantomPinned;
use core::ops::Deref;
use core::pin::Pin;
use core::ptr::NonNull;

use koxide_abi::types::kx_sysfs_group;
use macros::{pin_data, pinned_drop};

use super::table::AttributeList;
use crate::device::Device;
use crate::error::{
    Error,
    code::{EINVAL, ENOMEM},
    to_result,
};
use crate::faux;
use crate::init::with_errno;
use crate::miscdevice::{MiscDevice, MiscDeviceRegistration};
use crate::module;
use crate::pin_init::{PinInit, try_pin_init};

/// What attributes are hung on: registrations of devices.
///
/// A reference to a device is none: the device may be removed at any moment.
///
/// ```compile_fail,E0277
/// # use kernel::{device::Device, prelude::*, sync::aref::ARef, sysfs};
/// fn hang(device: ARef<Device>, list: sysfs::AttributeList<u8>) -> impl PinInit<sysfs::Group<u8>, Error> {
///     sysfs::Group::new(&*device, c"group", list, 0)
/// }
/// ```
pub trait Parent: sealed::Parent {}

impl<T: sealed::Parent> Parent for T {}

mod sealed {
    use crate::device::Device;

    pub trait Parent {
        /// The device, which is registered as long as `self` is borrowed.
        fn parent(&self) -> &Device;
    }
}

impl sealed::Parent for faux::Registration {
    fn parent(&self) -> &Device {
        self.as_ref().as_ref()
    }
}

impl<T: MiscDevice> sealed::Parent for MiscDeviceRegistration<T> {
    fn parent(&self) -> &Device {
        self.device()
    }
}

/// Attributes of a device, with the data that they are about. They are removed when this is dropped, which waits for
/// reads and writes under way; before or after the device, as may be.
#[pin_data(PinnedDrop)]
pub struct Group<Data: Send + Sync + 'static> {
    // Set once by the initialiser, read by the drop.
    group: Cell<Option<NonNull<kx_sysfs_group>>>,
    #[pin]
    data: Data,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: any thread may remove the group, and the data can be sent.
unsafe impl<Data: Send + Sync + 'static> Send for Group<Data> {}
// SAFETY: a shared group gives out its data, which can be shared; nobody shares it while `group` changes.
unsafe impl<Data: Send + Sync + 'static> Sync for Group<Data> {}

impl<Data: Send + Sync + 'static> Group<Data> {
    /// Makes a folder with attributes in that of a device: an initialiser.
    ///
    /// Programs may use the attributes before the initialiser has returned.
    ///
    /// # Errors
    ///
    /// That of `data`; `EINVAL` for a name that is none; `EEXIST` when it is taken, by a file or by an attribute of that name;
    /// `ENOMEM` when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new<'a, E: 'a>(
        device: &'a impl Parent,
        name: &'a CStr,
        attributes: AttributeList<Data>,
        data: impl PinInit<Data, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        Error: From<E>,
    {
        try_pin_init!(Self {
            group: Cell::new(None),
            data <- with_errno(data),
            _pin: PhantomPinned,
        }? Error)
        .pin_chain(move |this| {
            match name.to_bytes() {
                b"" | b"." | b".." => return Err(EINVAL),
                name if name.contains(&b'/') || name.len() > 255 => return Err(EINVAL),
                _ => {}
            }
            let data = (&raw const this.data).cast_mut().cast();
            // SAFETY: this has no contract.
            let group = unsafe { koxide_abi::kx_sysfs_alloc(data) };
            let group = NonNull::new(group).ok_or(ENOMEM)?;
            // Dropping this removes it, wholly there or not.
            this.group.set(Some(group));
            module::registered();
            let (room, len) = attributes.room();
            // SAFETY: it was just made; the device is registered, since what says so is borrowed; the name is a C string; the
            // room is a table of attributes, for data that is initialised and pinned, and dropped after the group is removed.
            to_result(unsafe {
                koxide_abi::kx_sysfs_add(
                    group.as_ptr(),
                    device.parent().as_raw(),
                    name.as_ptr(),
                    room,
                    len,
                )
            })
        })
    }
}

impl<Data: Send + Sync + 'static> Deref for Group<Data> {
    type Target = Data;

    fn deref(&self) -> &Data {
        &self.data
    }
}

#[pinned_drop]
impl<Data: Send + Sync + 'static> PinnedDrop for Group<Data> {
    fn drop(self: Pin<&mut Self>) {
        if let Some(group) = self.group.get() {
            // SAFETY: it was made, and not removed.
            unsafe { koxide_abi::kx_sysfs_remove(group.as_ptr()) };
            module::unregistered();
        }
    }
}
