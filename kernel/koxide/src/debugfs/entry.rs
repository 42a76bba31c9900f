// SPDX-License-Identifier: GPL-2.0-only

//! What is in debugfs as long as it exists: fs/debugfs/inode.c.

#![allow(unsafe_code, reason = "the C edge of entries in debugfs")]

use core::ffi::CStr;
use core::ptr::NonNull;

use koxide_abi::types::dentry;

use super::operations::{Read, Write};
use super::table::file_operations;
use crate::module;
use crate::sync::Arc;

/// A file or folder that was made, or none, when that was not possible.
///
/// # Invariants
///
/// When `dentry` is there, it was made and not removed, also not with the folder that it is in.
pub(super) struct Entry {
    dentry: Option<NonNull<dentry>>,
    /// Whether the files here may call this module until this is dropped.
    calls: bool,
    // Dropped after the entry itself is removed: removing a folder would take it along.
    _parent: Option<Arc<Entry>>,
}

// SAFETY: any thread may make entries in a folder and remove it.
unsafe impl Send for Entry {}
// SAFETY: the kernel locks what threads do to an entry.
unsafe impl Sync for Entry {}

impl Entry {
    /// None.
    pub(super) const fn empty() -> Self {
        Self {
            dentry: None,
            calls: false,
            _parent: None,
        }
    }

    /// An entry in a folder that exists as long as it does.
    fn new(dentry: *mut dentry, calls: bool, parent: Option<Arc<Entry>>) -> Self {
        let dentry = NonNull::new(dentry);
        let calls = calls && dentry.is_some();
        if calls {
            module::registered();
        }
        // INVARIANT: it was just made, and the parent is not removed before it.
        Self {
            dentry,
            calls,
            _parent: parent,
        }
    }

    /// A folder, in another one or in the root, that other entries are made in.
    pub(super) fn folder(name: &CStr, parent: Option<Arc<Entry>>) -> Self {
        let dentry = make_folder(name, parent.as_deref().map(Entry::dentry));
        Self::new(dentry, false, parent)
    }

    /// A folder for files that are removed with it.
    pub(super) fn folder_of_files(name: &CStr, parent: Option<Arc<Entry>>) -> Self {
        let dentry = make_folder(name, parent.as_deref().map(Entry::dentry));
        Self::new(dentry, true, parent)
    }

    /// A file about `data`.
    ///
    /// # Safety
    ///
    /// The entry is dropped before the data.
    pub(super) unsafe fn file<R: Read, W: Write<Data = R::Data>>(
        name: &CStr,
        parent: Arc<Entry>,
        data: &R::Data,
    ) -> Self {
        // SAFETY: the file is removed when the entry is dropped, and the data lives as long, as the caller promises.
        let dentry = unsafe { make_file::<R, W>(name, parent.dentry(), data) };
        Self::new(dentry, true, Some(parent))
    }

    /// What the kernel knows it by.
    pub(super) fn dentry(&self) -> Option<NonNull<dentry>> {
        self.dentry
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Some(dentry) = self.dentry else { return };
        // SAFETY: by the invariant it is there.
        unsafe { koxide_abi::kx_debugfs_remove(dentry.as_ptr()) };
        if self.calls {
            module::unregistered();
        }
    }
}

/// Makes a folder; null when that is not possible, or the one that it is to be in could not be made.
pub(super) fn make_folder(name: &CStr, parent: Option<Option<NonNull<dentry>>>) -> *mut dentry {
    let parent = match parent {
        None => core::ptr::null_mut(),
        Some(Some(parent)) => parent.as_ptr(),
        Some(None) => return core::ptr::null_mut(),
    };
    // SAFETY: the name is a C string; whoever has the parent keeps it.
    unsafe { koxide_abi::kx_debugfs_create_dir(name.as_ptr(), parent) }
}

/// Makes a file in a folder; null when that is not possible, or the folder could not be made.
///
/// # Safety
///
/// The file is removed before the data is dropped.
pub(super) unsafe fn make_file<R: Read, W: Write<Data = R::Data>>(
    name: &CStr,
    parent: Option<NonNull<dentry>>,
    data: &R::Data,
) -> *mut dentry {
    let Some(parent) = parent else {
        return core::ptr::null_mut();
    };
    // SAFETY: the name is a C string, the parent is there, the table lives for ever, and its functions
    // use the data as what it is, as long as the caller promises it to live.
    unsafe {
        koxide_abi::kx_debugfs_create_file(
            name.as_ptr(),
            R::MODE | W::MODE,
            parent.as_ptr(),
            core::ptr::from_ref(data).cast_mut().cast(),
            file_operations::<R, W>(),
        )
    }
}
