// SPDX-License-Identifier: GPL-2.0-only

//! Configuration by folders that user space makes, in `/sys/kernel/config`: include/linux/configfs.h.
//!
//! A [`Subsystem`] is a folder there. Its files are attributes, and a folder that user space makes in it is a [`Group`],
//! which has attributes, and perhaps groups, of its own. As long as there are such folders, or one of their files is open,
//! the module stays loaded. `configfs.ko` is loaded with the driver where it is a module.
//!
//! As upstream, this knows no items that are not groups, no links, and no default groups. All files have the mode 0660.
//!
//! # Examples
//!
//! ```
//! use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
//! use kernel::{configfs::{self, configfs_attrs}, page::PAGE_SIZE, prelude::*};
//!
//! module! {
//!     type: Knobs,
//!     name: "knobs",
//!     license: "GPL",
//! }
//!
//! struct Volume(AtomicU32);
//!
//! #[vtable]
//! impl configfs::AttributeOperations<0> for Volume {
//!     type Data = Volume;
//!
//!     fn show(volume: &Volume, page: &mut [u8; PAGE_SIZE]) -> Result<usize> {
//!         page[0] = b'0' + volume.0.load(Relaxed) as u8;
//!         Ok(1)
//!     }
//!
//!     fn store(volume: &Volume, page: &[u8]) -> Result {
//!         let text = core::str::from_utf8(page)?.trim();
//!         let level: u32 = text.parse().map_err(|_| EINVAL)?;
//!         volume.0.store(level.min(9), Relaxed);
//!         Ok(())
//!     }
//! }
//!
//! #[pin_data]
//! struct Knobs {
//!     #[pin]
//!     _config: configfs::Subsystem<Volume>,
//! }
//!
//! impl kernel::InPlaceModule for Knobs {
//!     fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
//!         let item_type = configfs_attrs! {
//!             container: configfs::Subsystem<Volume>,
//!             data: Volume,
//!             attributes: [
//!                 volume: 0,
//!             ],
//!         };
//!         try_pin_init!(Self {
//!             _config <- configfs::Subsystem::new(c"knobs", item_type, Volume(AtomicU32::new(5))),
//!         })
//!     }
//! }
//! # fn main() {}
//! ```

mod attribute;
mod group;
mod node;
mod table;

use core::ffi::CStr;

use macros::vtable;

use crate::error::{Error, Result, code::EIO};
use crate::page::PAGE_SIZE;
use crate::pin_init::PinInit;
use crate::sync::ArcBorrow;

#[doc(inline)]
pub use crate::configfs_attrs;
pub use group::{Group, Subsystem};
pub use table::ItemType;
#[doc(hidden)]
pub use table::{Attribute, Children, Kind, item_type};

/// What one file in a folder shows and takes, of the folder's data. All methods run in process context and may sleep.
///
/// A type implements it once for each file: [`configfs_attrs!`] says which `ID` is which.
#[vtable]
pub trait AttributeOperations<const ID: u64 = 0> {
    /// The folder's data: the type that implements this.
    type Data;

    /// The file is read: makes its content in a page, which is zero at first; says how many bytes.
    ///
    /// # Errors
    ///
    /// The errno with which the read fails. One that says that it made more than a page fails with `EIO`.
    fn show(data: &Self::Data, page: &mut [u8; PAGE_SIZE]) -> Result<usize>;

    /// The file was written and closed: takes all of it, at most a page less one byte.
    ///
    /// # Errors
    ///
    /// The errno with which the write fails. A file without this method is not opened for writing (`EACCES`).
    fn store(_data: &Self::Data, _page: &[u8]) -> Result {
        Err(EIO)
    }
}

/// What happens when folders are made and removed in a folder. All methods run in process context and may sleep.
#[vtable]
pub trait GroupOperations {
    /// The data of the folders in this one.
    type Child: Send + Sync + 'static;

    /// A folder is made: an initialiser of its group, which [`Group::new`] makes of its name.
    ///
    /// # Errors
    ///
    /// The errno with which `mkdir(2)` fails.
    fn make_group(&self, name: &CStr) -> Result<impl PinInit<Group<Self::Child>, Error>>;

    /// A folder is removed. Its group exists as long as somebody uses it.
    fn drop_item(&self, _child: ArcBorrow<'_, Group<Self::Child>>) {}
}
