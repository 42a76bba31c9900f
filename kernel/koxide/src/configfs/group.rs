// SPDX-License-Identifier: GPL-2.0-only

//! The folders: that of a driver, and those that user space makes.

#![allow(unsafe_code, reason = "folders point at their data")]

use core::ffi::{CStr, c_void};
use core::marker::PhantomPinned;

use koxide_abi::types::config_group;
use macros::pin_data;

use super::node::Node;
use super::table::ItemType;
use crate::error::Error;
use crate::init::with_errno;
use crate::pin_init::{PinInit, try_pin_init};
use crate::str::CString;
use crate::sync::Arc;

/// A folder of configfs itself, with its data, until this is dropped.
///
/// When it is dropped while user space has folders in it, those stay for ever, without a way to them, and the module with
/// them.
#[pin_data]
pub struct Subsystem<Data> {
    // Before the data: fields are dropped in their order.
    node: Node,
    #[pin]
    data: Data,
    #[pin]
    _pin: PhantomPinned,
}

impl<Data: Send + Sync + 'static> Subsystem<Data> {
    /// Makes the folder: an initialiser.
    ///
    /// # Errors
    ///
    /// That of `data`; `EINVAL` for a name that is none; `ENOMEM` when there is no memory; `EEXIST` when there is such a folder.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new<E>(
        name: &'static CStr,
        item_type: &'static ItemType<Self, Data>,
        data: impl PinInit<Data, E>,
    ) -> impl PinInit<Self, Error>
    where
        Error: From<E>,
    {
        try_pin_init!(Self {
            node: Node::new(name, item_type)?,
            data <- with_errno(data),
            _pin: PhantomPinned,
        }? Error)
        .pin_chain(|this| {
            // SAFETY: it is nowhere yet, the data is pinned and what the item type says, and a subsystem's has no `release`.
            unsafe { this.node.set(address(&this.data), core::ptr::null_mut()) };
            // SAFETY: just set; the node is dropped before the data.
            unsafe { this.node.register() }
        })
    }
}

/// A folder that user space made, with its data.
#[pin_data]
pub struct Group<Data> {
    node: Node,
    #[pin]
    data: Data,
    #[pin]
    _pin: PhantomPinned,
}

impl<Data: Send + Sync + 'static> Group<Data> {
    /// Makes a folder's group: an initialiser, for
    /// [`make_group`](super::GroupOperations::make_group) to return.
    ///
    /// # Errors
    ///
    /// That of `data`; `EINVAL` for a name that is none; `ENOMEM` when there is no memory.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new<E>(
        name: CString,
        item_type: &'static ItemType<Self, Data>,
        data: impl PinInit<Data, E>,
    ) -> impl PinInit<Self, Error>
    where
        Error: From<E>,
    {
        try_pin_init!(Self {
            node: Node::new(&name, item_type)?,
            data <- with_errno(data),
            _pin: PhantomPinned,
        }? Error)
    }

    /// Gives the group to the kernel, which gives it back to `release`.
    pub(super) fn into_kernel(self: Arc<Self>) -> *mut config_group {
        let raw = self.into_raw();
        // SAFETY: the pointer is to the value that the `Arc` was of, which lives until it is taken back.
        let group = unsafe { &*raw };
        // SAFETY: it is nowhere yet; the data is pinned and what the item type says; `release` takes the `Arc` back, after
        // which nobody uses the data.
        unsafe { group.node.set(address(&group.data), raw.cast_mut().cast()) };
        group.node.group()
    }
}

/// Where data is.
fn address<T>(data: &T) -> *mut c_void {
    core::ptr::from_ref(data).cast_mut().cast()
}
