// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's side of a folder: fs/configfs/item.c.

#![allow(unsafe_code, reason = "the C edge of configfs")]

use core::cell::Cell;
use core::ffi::{CStr, c_void};
use core::ptr::NonNull;

use koxide_abi::types::{config_group, kx_configfs_node};

use super::table::ItemType;
use crate::error::{
    Result,
    code::{EINVAL, ENOMEM},
    to_result,
};
use crate::module;

/// A folder's `struct config_group`, with the data that the library's callbacks find there.
///
/// # Invariants
///
/// It was made, and not freed. When this is dropped, the kernel has no reference to it, or it is a registered subsystem.
pub(super) struct Node {
    node: NonNull<kx_configfs_node>,
    // Set by the initialiser of the folder, read by the drop.
    registered: Cell<bool>,
}

// SAFETY: any thread may free it.
unsafe impl Send for Node {}
// SAFETY: nobody shares it while `registered` changes, and the kernel locks what it does itself.
unsafe impl Sync for Node {}

impl Node {
    /// A folder of a kind, which is nowhere yet.
    ///
    /// # Errors
    ///
    /// `EINVAL` for what is no name of a folder, `ENOMEM` when there is no memory.
    pub(super) fn new<C, D>(name: &CStr, kind: &'static ItemType<C, D>) -> Result<Self> {
        match name.to_bytes() {
            b"" | b"." | b".." => return Err(EINVAL),
            name if name.contains(&b'/') || name.len() > 255 => return Err(EINVAL),
            _ => {}
        }
        // SAFETY: the name is a C string, and an item type is a table that lives for ever.
        let node = unsafe { koxide_abi::kx_configfs_alloc(name.as_ptr(), kind.as_ptr()) };
        Ok(Self {
            // INVARIANT: it was just made, and the kernel does not know it.
            node: NonNull::new(node).ok_or(ENOMEM)?,
            registered: Cell::new(false),
        })
    }

    /// Sets what the callbacks find.
    ///
    /// # Safety
    ///
    /// It is nowhere yet. As long as it is somewhere, `data` is what its kind says that its data is. `owner` is what the kind's
    /// `release` takes, or null.
    pub(super) unsafe fn set(&self, data: *mut c_void, owner: *mut c_void) {
        // SAFETY: by the invariant it was made, and the caller says that it is nowhere.
        unsafe { koxide_abi::kx_configfs_set(self.node.as_ptr(), data, owner) };
    }

    /// Makes it a folder of configfs itself.
    ///
    /// # Safety
    ///
    /// Its data was set, and is there until this is dropped.
    pub(super) unsafe fn register(&self) -> Result {
        // SAFETY: it was made, and its data set.
        to_result(unsafe { koxide_abi::kx_configfs_register(self.node.as_ptr()) })?;
        self.registered.set(true);
        module::registered();
        Ok(())
    }

    /// What the kernel knows it by.
    pub(super) fn group(&self) -> *mut config_group {
        // SAFETY: by the invariant it was made.
        unsafe { koxide_abi::kx_configfs_group(self.node.as_ptr()) }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SAFETY: by the invariant nobody has a reference, or it is a subsystem, whose first one this is.
        let left = unsafe { koxide_abi::kx_configfs_free(self.node.as_ptr()) };
        // A subsystem that still has folders stays, without a way to it. Each of them keeps the module loaded.
        if self.registered.get() && left == 0 {
            module::unregistered();
        }
    }
}
