// SPDX-License-Identifier: GPL-2.0-only

//! Character devices with device numbers of their own: include/linux/cdev.h, fs/char_dev.c.
//!
//! A driver reserves a [`Region`] of device numbers, which `/proc/devices` shows under its name, makes a [`Class`], and
//! registers a device for each number that it uses: a [`Registration`]. Its node in `/dev` appears by itself. The files
//! of a device are what a [`FileOperations`](crate::fs::FileOperations)`<Minor<D>>` says, where `D` is what the driver keeps
//! for each device; devices of one region may have different ones. One device and no more is simpler with
//! [`miscdevice`](crate::miscdevice).
//!
//! For modules with a GPL-compatible licence only, because the kernel's classes are.
//!
//! # Examples
//!
//! ```
//! use kernel::{
//!     chrdev::{Class, Minor, Node, Region, Registration},
//!     fs::{File, FileOperations, Kiocb},
//!     iov::IovIterDest,
//!     prelude::*,
//! };
//!
//! module! {
//!     type: Digits,
//!     name: "digits",
//!     license: "GPL",
//! }
//!
//! struct Digits {
//!     _devices: [Registration<u8>; 2],
//! }
//!
//! impl kernel::Module for Digits {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         let region = Region::alloc(c"digits", 2)?;
//!         let class = Class::new(c"digits")?;
//!         let zero = Node::new(c"digit0").mode(0o444);
//!         let one = Node::new(c"digit1").mode(0o444);
//!         Ok(Self {
//!             _devices: [
//!                 Registration::new::<Digit>(&region, 0, &class, zero, b'0')?,
//!                 Registration::new::<Digit>(&region, 1, &class, one, b'1')?,
//!             ],
//!         })
//!     }
//! }
//!
//! /// An open file.
//! struct Digit(u8);
//!
//! #[vtable]
//! impl FileOperations<Minor<u8>> for Digit {
//!     type Ptr = KBox<Self>;
//!
//!     fn open(_file: &File, minor: &Minor<u8>) -> Result<KBox<Self>> {
//!         Ok(KBox::new(Digit(*minor.data()), GFP_KERNEL)?)
//!     }
//!
//!     fn read_iter(mut kiocb: Kiocb<'_, Self::Ptr>, iov: &mut IovIterDest<'_>) -> Result<usize> {
//!         let digit = [kiocb.file().0];
//!         iov.simple_read_from_buffer(kiocb.ki_pos_mut(), &digit)
//!     }
//! }
//! # fn main() {}
//! ```

mod class;
mod region;
mod registration;

use core::ffi::CStr;

pub use class::Class;
pub use region::Region;
pub use registration::{Minor, Registration};

/// What a device's node in `/dev` is like.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    name: &'a CStr,
    mode: u16,
}

impl<'a> Node<'a> {
    /// A node of this name, which is the device's name in sysfs, too; it is copied. A `/` in it makes a folder.
    pub const fn new(name: &'a CStr) -> Self {
        Self { name, mode: 0 }
    }

    /// The access rights of the node, such as `0o666`; what is not of these nine bits is cut. Without it, or with 0,
    /// they are `0o600`.
    ///
    /// User space may change them: udev does, where it has a rule.
    pub const fn mode(mut self, mode: u16) -> Self {
        self.mode = mode & 0o777;
        self
    }
}
