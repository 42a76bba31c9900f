// SPDX-License-Identifier: GPL-2.0-only

//! Folders that user space makes: include/linux/configfs.h. configfs itself is a module on most kernels.

use core::ffi::{c_char, c_int, c_void};

use crate::types::{config_group, config_item, kx_configfs_node};

/// A file in such a folder: `shims/configfs.c` has macros that make a `struct configfs_attribute` of it.
#[repr(C)]
pub struct ConfigfsAttribute {
    /// The name, NUL-terminated.
    pub name: *const c_char,
    /// Makes the content in a page: how many bytes.
    pub show: unsafe extern "C" fn(item: *mut config_item, page: *mut c_char) -> isize,
    /// Takes what is written: how many bytes.
    pub store: Option<
        unsafe extern "C" fn(item: *mut config_item, page: *const c_char, len: usize) -> isize,
    >,
}

/// A kind of folder: `shims/configfs.c` has macros that make a `struct config_item_type` of it and its files.
#[repr(C)]
pub struct ConfigfsType {
    /// A folder is made in this one: its group, or an errno as a pointer.
    pub make_group: Option<
        unsafe extern "C" fn(group: *mut config_group, name: *const c_char) -> *mut config_group,
    >,
    /// A folder in this one is removed; it gives a reference back.
    pub drop_item: Option<unsafe extern "C" fn(group: *mut config_group, item: *mut config_item)>,
    /// The last reference is gone.
    pub release: Option<unsafe extern "C" fn(item: *mut config_item)>,
}

shims! {
    /// Makes a folder's group, which is nowhere yet; null when there is no memory. May sleep.
    ///
    /// # Safety
    ///
    /// `name` is a NUL-terminated string, and `room` a table of a [`ConfigfsType`].
    pub fn kx_configfs_alloc(name: *const c_char, room: *const c_void) -> *mut kx_configfs_node;

    /// Frees a group; one that is registered as a subsystem is unregistered first, and may no longer be used. 0, or 1 when that
    /// has folders in it: then only nobody reaches them any more, and nothing is freed. May sleep.
    ///
    /// # Safety
    ///
    /// It came from [`kx_configfs_alloc`]. Either nobody has a reference, or it never had any but the first.
    pub fn kx_configfs_free(node: *mut kx_configfs_node) -> c_int;

    /// Registers a group as a subsystem: 0 or a negative errno. May sleep.
    ///
    /// # Safety
    ///
    /// It came from [`kx_configfs_alloc`], and its data was set.
    pub fn kx_configfs_register(node: *mut kx_configfs_node) -> c_int;

    /// Sets what [`kx_configfs_data`] and [`kx_configfs_owner`] give.
    ///
    /// # Safety
    ///
    /// It came from [`kx_configfs_alloc`], and is nowhere yet.
    pub fn kx_configfs_set(node: *mut kx_configfs_node, data: *mut c_void, owner: *mut c_void);

    /// The group, as the kernel knows it.
    ///
    /// # Safety
    ///
    /// It came from [`kx_configfs_alloc`].
    pub fn kx_configfs_group(node: *mut kx_configfs_node) -> *mut config_group;

    /// A group as an item.
    ///
    /// # Safety
    ///
    /// It exists.
    pub fn kx_configfs_item(group: *mut config_group) -> *mut config_item;

    /// The data of an item.
    ///
    /// # Safety
    ///
    /// It is that of a group that was made here, and exists.
    pub fn kx_configfs_data(item: *mut config_item) -> *mut c_void;

    /// The owner of an item.
    ///
    /// # Safety
    ///
    /// As for [`kx_configfs_data`].
    pub fn kx_configfs_owner(item: *mut config_item) -> *mut c_void;

    /// Gives a reference back. May sleep.
    ///
    /// # Safety
    ///
    /// The caller has one.
    pub fn kx_config_item_put(item: *mut config_item);
}
