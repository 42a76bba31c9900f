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
mod table;

use core::ffi::CStr;

use macros::vtable;

use crate::error::{Result, code::EINVAL, code::ENOTTY};
use crate::fs::{File, Kiocb};
use crate::iov::{IovIterDest, IovIterSource};
use crate::types::ForeignOwnable;

pub use registration::MiscDeviceRegistration;

/// What a misc device is called.
#[derive(Clone, Copy)]
pub struct MiscDeviceOptions {
    /// The name of the file in `/dev`, and of the device in sysfs.
    pub name: &'static CStr,
}

/// A misc device: what happens to its files. All methods run in process context and may sleep.
#[vtable]
pub trait MiscDevice: Sized + 'static {
    /// What the driver keeps for each open file: a box or an [`Arc`](crate::sync::Arc).
    ///
    /// Threads share it, each with its read, write or ioctl: what changes is behind a lock.
    ///
    /// ```compile_fail
    /// # use core::cell::Cell;
    /// # use kernel::{fs::File, miscdevice::{MiscDevice, MiscDeviceRegistration}, prelude::*};
    /// # module! { type: M, name: "m", license: "GPL" }
    /// # struct M;
    /// # impl kernel::Module for M {
    /// #     fn init(_: &'static ThisModule) -> Result<Self> {
    /// #         Ok(M)
    /// #     }
    /// # }
    /// struct Counter(Cell<u32>);
    ///
    /// #[vtable]
    /// impl MiscDevice for Counter {
    ///     type Ptr = KBox<Self>;
    /// #
    /// #     fn open(_: &File, _: &MiscDeviceRegistration<Self>) -> Result<KBox<Self>> {
    /// #         Ok(KBox::new(Counter(Cell::new(0)), GFP_KERNEL)?)
    /// #     }
    /// }
    /// # fn main() {}
    /// ```
    type Ptr: ForeignOwnable + Send + Sync;

    /// A file is opened.
    ///
    /// The kernel holds a lock of all misc devices meanwhile: neither a misc device is registered here nor one
    /// unregistered.
    ///
    /// # Errors
    ///
    /// The errno with which `open(2)` fails.
    fn open(file: &File, misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr>;

    /// The last descriptor of an open file was closed, and no operation on it is under way.
    fn release(device: Self::Ptr, _file: &File) {
        drop(device);
    }

    /// `read(2)` and its relatives: says how many bytes were read, 0 for the end.
    ///
    /// # Errors
    ///
    /// The errno with which the read fails; without this method it is `EINVAL`. A read that says that it read more than
    /// there was room for, or that it was queued, fails with `EIO`.
    fn read_iter(_kiocb: Kiocb<'_, Self::Ptr>, _iov: &mut IovIterDest<'_>) -> Result<usize> {
        Err(EINVAL)
    }

    /// `write(2)` and its relatives: says how many bytes were written.
    ///
    /// # Errors
    ///
    /// The errno with which the write fails; without this method it is `EINVAL`. A write that says that it wrote more
    /// than there was, or that it was queued, fails with `EIO`.
    fn write_iter(_kiocb: Kiocb<'_, Self::Ptr>, _iov: &mut IovIterSource<'_>) -> Result<usize> {
        Err(EINVAL)
    }

    /// `ioctl(2)`: says what it returns. [`ioctl`](crate::ioctl) takes `cmd` apart.
    ///
    /// A 32-bit program comes here too, with `arg` as an address; its argument needs the same layout in both.
    ///
    /// # Errors
    ///
    /// The errno with which the ioctl fails: `ENOTTY` for an unknown `cmd`, and without this method.
    fn ioctl(
        _device: <Self::Ptr as ForeignOwnable>::Borrowed<'_>,
        _file: &File,
        _cmd: u32,
        _arg: usize,
    ) -> Result<isize> {
        Err(ENOTTY)
    }
}
