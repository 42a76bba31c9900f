// SPDX-License-Identifier: GPL-2.0-only

//! What can be opened: a path, the driver's operations, and what they are for.

use core::ffi::{c_int, c_void};
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

use super::errno::{EEXIST, ENOENT};
use super::machine::{current, lock};
use crate::FileOperations;
use crate::types::inode;

/// Which operations a driver has for a file.
#[derive(Clone, Copy)]
pub(super) enum Ops {
    /// Of a misc device: its `open` finds [`Node::data`] in the file's `private_data`.
    Misc(&'static FileOperations),
    /// Of another character device.
    Chrdev(&'static FileOperations),
}

/// A file that can be opened: also what stands for its inode.
pub(super) struct Node {
    path: String,
    pub(super) ops: Ops,
    data: AtomicPtr<c_void>,
    /// Held while a file is opened, and while the node is taken away.
    pub(super) opening: Mutex<()>,
}

impl Node {
    /// Lets a path be opened; a negative errno when there is something already.
    pub(super) fn add(path: String, ops: Ops, data: *mut c_void) -> Result<Arc<Self>, c_int> {
        let node = Arc::new(Self {
            path: path.clone(),
            ops,
            data: AtomicPtr::new(data),
            opening: Mutex::default(),
        });
        match lock(&current().nodes).entry(path) {
            Entry::Occupied(_) => Err(-EEXIST),
            Entry::Vacant(vacant) => Ok(vacant.insert(node).clone()),
        }
    }

    /// The node of a path.
    pub(super) fn find(path: &str) -> Result<Arc<Self>, c_int> {
        lock(&current().nodes).get(path).cloned().ok_or(-ENOENT)
    }

    /// Takes it away: it is not being opened when this returns.
    pub(super) fn remove(&self) {
        let _opening = lock(&self.opening);
        lock(&current().nodes).remove(&self.path);
        self.data.store(core::ptr::null_mut(), Ordering::Release);
    }

    /// What the operations are for; null once it was taken away.
    pub(super) fn data(&self) -> *mut c_void {
        self.data.load(Ordering::Acquire)
    }

    /// Its address, as the operations take it.
    pub(super) fn as_raw(self: &Arc<Self>) -> *mut inode {
        Arc::as_ptr(self).cast_mut().cast()
    }

    /// The node at such an address.
    ///
    /// # Safety
    ///
    /// It came from [`as_raw`](Self::as_raw), and the node lives during `'a`.
    pub(super) unsafe fn from_raw<'a>(inode: *mut inode) -> &'a Self {
        // SAFETY: as the caller promises.
        unsafe { &*inode.cast() }
    }
}
