// SPDX-License-Identifier: GPL-2.0-only

//! Files for whoever debugs a driver, in `/sys/kernel/debug`: include/linux/debugfs.h.
//!
//! A [`File`] contains its data; a [`Scope`] is data with a folder of files about it. Both are removed when they are
//! dropped, which waits for reads and writes under way; a file that is open then is `EIO` from there on. As long as one
//! is open, the module stays loaded. Nothing here fails for want of debugfs: a driver does not depend on it. All of it is
//! for modules with a GPL-compatible licence only; all files are root's.
//!
//! # Examples
//!
//! ```
//! use core::sync::atomic::AtomicUsize;
//! use kernel::{debugfs::{Dir, File}, prelude::*};
//!
//! module! {
//!     type: Counting,
//!     name: "counting",
//!     license: "GPL",
//! }
//!
//! #[pin_data]
//! struct Counting {
//!     _dir: Dir,
//!     #[pin]
//!     _count: File<AtomicUsize>,
//! }
//!
//! impl kernel::InPlaceModule for Counting {
//!     fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
//!         let dir = Dir::new(c"counting");
//!         try_pin_init!(Self {
//!             _count <- dir.read_write_file(c"count", AtomicUsize::new(0)),
//!             _dir: dir,
//!         })
//!     }
//! }
//! # fn main() {}
//! ```

mod callback;
mod dir;
mod entry;
mod operations;
mod scope;
mod table;
mod traits;

pub use dir::{Dir, File};
pub use scope::{Scope, ScopedDir};
pub use traits::{BinaryReader, BinaryReaderMut, BinaryWriter, Reader, Writer};
