// SPDX-License-Identifier: GPL-2.0-only

//! Character devices that are registered.

#![allow(unsafe_code, reason = "the C edge of character devices")]

use core::ptr::NonNull;

use koxide_abi::types::{file, inode, kx_chrdev};

use super::{Class, Node, Region};
use crate::alloc::{KBox, flags::GFP_KERNEL};
use crate::device::{Device, name::check as check_name};
use crate::error::{
    Result,
    code::{EINVAL, ENOMEM, ENXIO},
    of_kernel,
};
use crate::fs::FileOperations;
use crate::fs::table::{Behind, file_operations};
use crate::module;
use crate::sync::Arc;

/// A device number that is in use, and what the driver keeps for it.
///
/// # Invariants
///
/// `chrdev` exists as long as this, and is registered when anybody but this file knows of it.
pub struct Minor<D> {
    chrdev: NonNull<kx_chrdev>,
    minor: u32,
    data: D,
}

impl<D> Minor<D> {
    /// The minor number.
    pub fn number(&self) -> u32 {
        self.minor
    }

    /// What the driver keeps for this device.
    pub fn data(&self) -> &D {
        &self.data
    }

    /// The device that stands for it in sysfs, to write messages about.
    pub fn device(&self) -> &Device {
        // SAFETY: by the invariant it exists, and was registered.
        let device = unsafe { koxide_abi::kx_chrdev_device(self.chrdev.as_ptr()) };
        // SAFETY: `chrdev` has a reference to the device as long as it exists.
        unsafe { Device::from_raw(device) }
    }
}

/// A reference to a character device.
///
/// # Invariants
///
/// It has one, to a `chrdev` whose data is a `Minor<D>` that was boxed.
struct Handle<D>(NonNull<kx_chrdev>, core::marker::PhantomData<D>);

impl<D> Handle<D> {
    /// Where what it stands for is.
    fn raw(&self) -> *mut Minor<D> {
        // SAFETY: by the invariant there is a reference.
        unsafe { koxide_abi::kx_chrdev_data(self.0.as_ptr()) }.cast()
    }

    /// What it stands for.
    fn minor(&self) -> &Minor<D> {
        // SAFETY: by the invariant it is a `Minor<D>`, which is freed with the last reference, and only ever shared.
        unsafe { &*self.raw() }
    }
}

impl<D> Drop for Handle<D> {
    fn drop(&mut self) {
        // Once the reference is given back, another thread may have freed it.
        let minor = self.raw();
        // SAFETY: by the invariant there is a reference, which is given back here.
        if unsafe { koxide_abi::kx_chrdev_put(self.0.as_ptr()) } != 0 {
            // SAFETY: it was boxed, and nobody else has a reference any more.
            drop_last(Room(self.0), unsafe { KBox::from_raw(minor) });
        }
    }
}

/// Drops what no file and no registration has any more; the device last, also when dropping the data panics. It is no part of `drop`,
/// which is in each way out of a file's `open`.
#[cold]
#[inline(never)]
fn drop_last<D>(_room: Room, minor: KBox<Minor<D>>) {
    drop(minor);
}

/// A device to which there is no reference any more.
struct Room(NonNull<kx_chrdev>);

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: there is no reference any more.
        unsafe { koxide_abi::kx_chrdev_free(self.0.as_ptr()) };
    }
}

/// A character device that is registered, until this is dropped.
///
/// Files that are open then stay open, and each keeps the module loaded; who opens the device from then on gets `ENXIO`.
/// Dropping does not wait for an `open` under way: the driver's data is dropped when that has ended.
///
/// # Invariants
///
/// The device is registered.
pub struct Registration<D: Send + Sync + 'static> {
    handle: Handle<D>,
    // The device is gone before them.
    _class: Arc<Class>,
    _region: Arc<Region>,
}

// SAFETY: any thread may unregister the device; what the driver keeps for it may be sent.
unsafe impl<D: Send + Sync> Send for Registration<D> {}
// SAFETY: a shared registration gives out what may be shared.
unsafe impl<D: Send + Sync> Sync for Registration<D> {}

impl<D: Send + Sync + 'static> Registration<D> {
    /// Registers a device with the number `index` of a region, counted from 0: `T` says what its files do.
    ///
    /// Files may be opened before this returns.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the region has no such number or no file can have the name, `EBUSY` when the number is in use, `EEXIST` when
    /// the class has a device of this name (the log has a stack trace then), `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new<T: FileOperations<Minor<D>>>(
        region: &Arc<Region>,
        index: u32,
        class: &Arc<Class>,
        node: Node<'_>,
        data: D,
    ) -> Result<Self> {
        check_name(node.name)?;
        if index >= region.count() {
            return Err(EINVAL);
        }
        let minor = region.first() + index;
        let fops = file_operations::<T, Minor<D>>();
        let boxed = KBox::new(
            Minor {
                chrdev: NonNull::dangling(),
                minor,
                data,
            },
            GFP_KERNEL,
        )?;
        let boxed = KBox::into_raw(boxed);
        // SAFETY: the table lives for ever.
        let chrdev = unsafe { koxide_abi::kx_chrdev_alloc(fops, node.mode, boxed.cast()) };
        let Some(chrdev) = NonNull::new(chrdev) else {
            // SAFETY: nobody else knows of the box.
            drop(unsafe { KBox::from_raw(boxed) });
            return Err(ENOMEM);
        };
        // SAFETY: nobody else knows of the box.
        unsafe { (*boxed).chrdev = chrdev };
        // INVARIANT: this is the reference that the allocation gave, and its data is the box.
        let handle = Handle(chrdev, core::marker::PhantomData);
        // SAFETY: it was just allocated; the class and the number are kept until it is unregistered; the name is a C
        // string.
        let registered = unsafe {
            koxide_abi::kx_chrdev_register(
                chrdev.as_ptr(),
                class.as_ptr(),
                region.major(),
                minor,
                node.name.as_ptr(),
            )
        };
        // SAFETY: it is the shim's, which says 0 or a negative errno.
        let registered = unsafe { of_kernel(registered) };
        if registered.is_err() {
            // Somebody may have tried to open it before that failed.
            module::undone();
        }
        registered?;
        module::registered();
        // INVARIANT: it is registered.
        Ok(Self {
            handle,
            _class: class.clone(),
            _region: region.clone(),
        })
    }

    /// What an `open` is told of the device, too.
    pub fn minor(&self) -> &Minor<D> {
        self.handle.minor()
    }
}

impl<D: Send + Sync + 'static> Drop for Registration<D> {
    fn drop(&mut self) {
        // SAFETY: by the invariant it is registered.
        unsafe { koxide_abi::kx_chrdev_unregister(self.handle.0.as_ptr()) };
        module::unregistered();
    }
}

impl<D: 'static> Behind for Minor<D> {
    unsafe fn with<V>(
        inode: *mut inode,
        _file: *mut file,
        open: impl FnOnce(&Self) -> Result<V>,
    ) -> Result<V> {
        // SAFETY: the caller is the `open` operation of a table for a `Minor<D>`, which `Registration::new` registered.
        let chrdev = unsafe { koxide_abi::kx_chrdev_open(inode) };
        // It may have been unregistered since the kernel looked for it.
        let chrdev = NonNull::new(chrdev).ok_or(ENXIO)?;
        // INVARIANT: there is a reference to it, and by the caller's promise its data is a `Minor<D>`.
        let handle = Handle::<D>(chrdev, core::marker::PhantomData);
        open(handle.minor())
    }
}
