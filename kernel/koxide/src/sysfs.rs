// SPDX-License-Identifier: GPL-2.0-only

//! Attributes of devices in sysfs: include/linux/sysfs.h.
//!
//! Upstream's `kernel` crate has nothing for them; here they have the shape of its [`configfs`](crate::configfs). A
//! [`Group`] is a folder in the device's own, with a file for each attribute, and contains the data that they are about.
//! What has [`show`](AttributeOperations::show) is read by everybody, what has [`store`](AttributeOperations::store) is
//! written by root. An open file does not keep the module loaded: it is `ENODEV` from there on. For modules with a
//! GPL-compatible licence only.
//!
//! # Examples
//!
//! ```
//! use kernel::{
//!     faux,
//!     page::PAGE_SIZE,
//!     prelude::*,
//!     sync::atomic::{Atomic, Relaxed},
//!     sysfs::{self, sysfs_attrs},
//! };
//!
//! module! {
//!     type: Fan,
//!     name: "fan",
//!     license: "GPL",
//! }
//!
//! struct Settings {
//!     on: Atomic<bool>,
//! }
//!
//! #[vtable]
//! impl sysfs::AttributeOperations<0> for Settings {
//!     type Data = Settings;
//!
//!     fn show(settings: &Settings, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
//!         page[..2].copy_from_slice(if settings.on.load(Relaxed) { b"1\n" } else { b"0\n" });
//!         Ok(2)
//!     }
//!
//!     fn store(settings: &Settings, page: &[u8]) -> Result {
//!         match page {
//!             b"0" | b"0\n" => settings.on.store(false, Relaxed),
//!             b"1" | b"1\n" => settings.on.store(true, Relaxed),
//!             _ => return Err(EINVAL),
//!         }
//!         Ok(())
//!     }
//! }
//!
//! struct Fan {
//!     _settings: Pin<KBox<sysfs::Group<Settings>>>,
//!     _device: faux::Registration,
//! }
//!
//! impl kernel::Module for Fan {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         let device = faux::Registration::new(c"fan", None)?;
//!         let attributes = sysfs_attrs! {
//!             data: Settings,
//!             attributes: [on: 0],
//!         };
//!         let settings = Settings { on: Atomic::new(false) };
//!         let group = sysfs::Group::new(&device, c"settings", attributes, settings);
//!         Ok(Fan {
//!             _settings: KBox::pin_init(group, GFP_KERNEL)?,
//!             _device: device,
//!         })
//!     }
//! }
//! # fn main() {}
//! ```

mod attribute;
mod group;
mod table;

use macros::vtable;

use crate::error::{Result, code::EIO};
use crate::page::PAGE_SIZE;

#[doc(inline)]
pub use crate::sysfs_attrs;
pub use group::{Group, Parent};
pub use table::AttributeList;
#[doc(hidden)]
pub use table::{Attribute, Kind, attribute_list};

/// What one attribute shows and takes, of its group's data. Several threads may be in the methods, which run in process
/// context and may sleep.
///
/// A type implements it once for each attribute: [`sysfs_attrs!`] says which `ID` is which.
#[vtable]
pub trait AttributeOperations<const ID: u64 = 0> {
    /// The group's data: the type that implements this.
    type Data;

    /// The attribute is read: makes its content in a page, which is zero; says how many bytes.
    ///
    /// # Errors
    ///
    /// The errno with which the read fails. One that says that it made a whole page or more fails with `EIO`.
    fn show(_data: &Self::Data, _page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
        Err(EIO)
    }

    /// The attribute is written: takes all of it, at most a page.
    ///
    /// # Errors
    ///
    /// The errno with which the write fails.
    fn store(_data: &Self::Data, _page: &[u8]) -> Result {
        Err(EIO)
    }
}
