// SPDX-License-Identifier: GPL-2.0-only

//! Character devices: include/linux/cdev.h, and their classes: include/linux/device/class.h. The latter are for GPL
//! modules only.

use core::ffi::{c_char, c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::chrdev as twin;
use crate::types::{class, device, inode, kx_chrdev};

/// How many major numbers there are for character devices.
pub const CHRDEV_MAJOR_MAX: u32 = 512;

shims! {
    /// Reserves `count` device numbers from `first` on, of a major number that the kernel chooses: that, or a negative errno. May
    /// sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string, and is copied. The numbers are at most 2^20 - 1.
    #[host(twin::region_alloc)]
    pub fn kx_chrdev_region_alloc(first: u32, count: u32, name: *const c_char) -> c_int;

    /// Reserves `count` device numbers from `first` on. 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string, and is copied. The major number is not 0 and below [`CHRDEV_MAJOR_MAX`], the numbers are at
    /// most 2^20 - 1.
    #[host(twin::region_register)]
    pub fn kx_chrdev_region_register(major: u32, first: u32, count: u32, name: *const c_char) -> c_int;

    /// Gives device numbers back. May sleep.
    ///
    /// # Safety
    ///
    /// They were reserved by [`kx_chrdev_region_alloc`] or [`kx_chrdev_region_register`], and no device has one of them.
    #[host(twin::region_unregister)]
    pub fn kx_chrdev_region_unregister(major: u32, first: u32, count: u32);

    /// Makes a class, for devices of [`kx_chrdev_register`] only; writes it to `class`. 0 or a negative errno. May sleep.
    /// GPL only.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string that lives as long as the class. `class` is writable.
    #[host(twin::class_create)]
    pub fn kx_class_create(class: *mut *mut class, name: *const c_char) -> c_int;

    /// Removes a class. May sleep. GPL only.
    ///
    /// # Safety
    ///
    /// It came from [`kx_class_create`], and has no devices.
    #[host(twin::class_destroy)]
    pub fn kx_class_destroy(class: *mut class);

    /// Makes a character device that is not yet known to anyone, with one reference; null when there is no memory. May
    /// sleep.
    ///
    /// `mode` is 0 for the kernel's default. `data` may be any pointer: [`kx_chrdev_data`] gives it back.
    ///
    /// # Safety
    ///
    /// `fops` is a table of [`FileOperations`](crate::FileOperations), which lives for ever.
    #[host(twin::alloc)]
    pub fn kx_chrdev_alloc(fops: *const c_void, mode: u16, data: *mut c_void) -> *mut kx_chrdev;

    /// Registers it: from now on it can be opened, and has a node. 0 or a negative errno. May sleep. GPL only.
    ///
    /// # Safety
    ///
    /// `chrdev` came from [`kx_chrdev_alloc`] and was never registered; `class` exists until it is unregistered; the
    /// number is reserved; `name` is a NUL-terminated string, and is copied.
    #[host(twin::register)]
    pub fn kx_chrdev_register(chrdev: *mut kx_chrdev, class: *mut class, major: u32, minor: u32, name: *const c_char) -> c_int;

    /// Unregisters it: [`kx_chrdev_open`] finds it no more. It does not wait for an `open` under way. May sleep. GPL only.
    ///
    /// # Safety
    ///
    /// `chrdev` is registered.
    #[host(twin::unregister)]
    pub fn kx_chrdev_unregister(chrdev: *mut kx_chrdev);

    /// The registered device that a file is opened for, with one more reference; null when it is unregistered. May sleep.
    ///
    /// # Safety
    ///
    /// The caller is the `open` operation of a table that was given to [`kx_chrdev_alloc`].
    #[host(twin::open)]
    pub fn kx_chrdev_open(inode: *mut inode) -> *mut kx_chrdev;

    /// Gives a reference back; 1 when it was the last one.
    ///
    /// # Safety
    ///
    /// The caller has a reference, which it no longer uses, but for freeing it when it was the last one.
    #[host(twin::put)]
    pub fn kx_chrdev_put(chrdev: *mut kx_chrdev) -> c_int;

    /// Frees what [`kx_chrdev_alloc`] gave. May sleep. GPL only.
    ///
    /// # Safety
    ///
    /// [`kx_chrdev_put`] said that there is no reference any more.
    #[host(twin::free)]
    pub fn kx_chrdev_free(chrdev: *mut kx_chrdev);
}

fields! {
    /// The `data` that [`kx_chrdev_alloc`] was given.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::data)]
    #[field(read)]
    pub fn kx_chrdev_data(chrdev: *mut kx_chrdev) -> *mut c_void;

    /// The device that stands for it in sysfs: it exists as long as `chrdev`.
    ///
    /// # Safety
    ///
    /// The caller has a reference, and `chrdev` was registered.
    #[host(twin::device)]
    #[field(read)]
    pub fn kx_chrdev_device(chrdev: *mut kx_chrdev) -> *mut device;
}
