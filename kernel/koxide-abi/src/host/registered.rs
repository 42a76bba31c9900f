// SPDX-License-Identifier: GPL-2.0-only

//! What a device has while it is registered, of whichever kind it is: a node below `/dev`, and its `struct device`.

use core::ffi::{CStr, c_int, c_void};
use std::sync::{Arc, OnceLock};

use super::alloc::may_have;
use super::context;
use super::device::Device;
use super::errno::ENOMEM;
use super::node::{Node, Ops};
use crate::types::device;

/// The registration of a device, which is made once.
#[derive(Default)]
pub(super) struct Registered(OnceLock<(Arc<Node>, Arc<Device>)>);

impl Registered {
    /// Makes the node and the device; 0 or a negative errno.
    pub(super) fn add(
        &self,
        kind: &'static str,
        name: &CStr,
        ops: Ops,
        data: *mut c_void,
    ) -> c_int {
        if !may_have() {
            return -ENOMEM;
        }
        let path = format!("/dev/{}", name.to_string_lossy());
        // What opens it asks for the device: that is there first.
        let device = Device::new(kind, name);
        match Node::add(path, ops, data) {
            Ok(node) => {
                assert!(self.0.set((node, device)).is_ok(), "registered twice");
                0
            }
            Err(errno) => errno,
        }
    }

    /// Takes the node away. May sleep.
    pub(super) fn remove(&self) {
        context::might_sleep();
        self.get().0.remove();
    }

    /// The device.
    pub(super) fn device(&self) -> *mut device {
        self.get().1.as_raw()
    }

    fn get(&self) -> &(Arc<Node>, Arc<Device>) {
        self.0.get().expect("it was not registered")
    }
}
