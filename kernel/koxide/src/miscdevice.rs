// SPDX-License-Identifier: GPL-2.0-only

//! Misc character devices: a file in `/dev` with one registration. include/linux/miscdevice.h.
//!
//! # Examples
//!
//! ```
//! use kernel::{
//!     fs::{File, Kiocb},
//!     iov::IovIterDest,
//!     miscdevice::{MiscDevice, MiscDeviceOptions, MiscDeviceRegistration},
//!     prelude::*,
//! };
//!
//! module! {
//!     type: Hello,
//!     name: "hello",
//!     license: "GPL",
//! }
//!
//! #[pin_data]
//! struct Hello {
//!     #[pin]
//!     _device: MiscDeviceRegistration<HelloFile>,
//! }
//!
//! impl kernel::InPlaceModule for Hello {
//!     fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
//!         try_pin_init!(Self {
//!             _device <- MiscDeviceRegistration::register(MiscDeviceOptions { name: c"hello" }),
//!         })
//!     }
//! }
//!
//! struct HelloFile;
//!
//! #[vtable]
//! impl MiscDevice for HelloFile {
//!     type Ptr = KBox<Self>;
//!
//!     fn open(_file: &File, _device: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
//!         Ok(KBox::new(HelloFile, GFP_KERNEL)?)
//!     }
//!
//!     fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
//!         iov.simple_read_from_buffer(kiocb.ki_pos_mut(), b"hello\n")
//!     }
//! }
//! # fn main() {}
//! ```

mod registration;

use core::ffi::CStr;

#[doc(no_inline)]
pub use crate::fs::FileOperations as MiscDevice;
pub use registration::MiscDeviceRegistration;

/// What a misc device is called.
///
/// # Examples
///
/// ```
/// use kernel::miscdevice::{MiscDeviceNode, MiscDeviceOptions};
///
/// let node: MiscDeviceNode = MiscDeviceOptions { name: c"hello" }.mode(0o666);
/// ```
#[derive(Clone, Copy)]
pub struct MiscDeviceOptions {
    /// The name of the file in `/dev`, and of the device in sysfs.
    pub name: &'static CStr,
}

impl MiscDeviceOptions {
    /// The same, with a node that has these access rights.
    pub fn mode(self, mode: u16) -> MiscDeviceNode {
        MiscDeviceNode::from(self).mode(mode)
    }

    /// The same, with a node that has this minor number.
    pub fn minor(self, minor: u8) -> MiscDeviceNode {
        MiscDeviceNode::from(self).minor(minor)
    }
}

/// A misc device's options, and what its node in `/dev` is like.
///
/// [`MiscDeviceRegistration::register`] takes either.
#[derive(Clone, Copy)]
pub struct MiscDeviceNode {
    options: MiscDeviceOptions,
    mode: u16,
    minor: Option<u8>,
}

impl MiscDeviceNode {
    /// The access rights of the node, such as `0o666`; what is not of these nine bits is cut. Without it, or with 0,
    /// they are `0o600`.
    ///
    /// User space may change them: udev does, where it has a rule.
    pub fn mode(mut self, mode: u16) -> Self {
        self.mode = mode & 0o777;
        self
    }

    /// The minor number, from 128 to 254; those below are given out by older kernels. Without it the kernel chooses one.
    ///
    /// Documentation/admin-guide/devices.txt says which ones belong to somebody; 240 to 254 are for experiments.
    pub fn minor(mut self, minor: u8) -> Self {
        self.minor = Some(minor);
        self
    }
}

impl From<MiscDeviceOptions> for MiscDeviceNode {
    fn from(options: MiscDeviceOptions) -> Self {
        Self {
            options,
            mode: 0,
            minor: None,
        }
    }
}
