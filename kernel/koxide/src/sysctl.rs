// SPDX-License-Identifier: GPL-2.0-only

//! Settings in `/proc/sys`: include/linux/sysctl.h.
//!
//! Upstream's `kernel` crate has nothing for them. A driver declares a [`Table`], whose values are statics that it reads
//! at any time, in any context; the kernel's own functions parse and print them, so that limits, spaces, several values
//! in one write and positions other than 0 are treated as with any other setting. For modules with a GPL-compatible
//! licence only.
//!
//! | entry | storage | what is refused, beside what is no number, with `EINVAL` |
//! |---|---|---|
//! | [`Entry::i32`] | [`AtomicI32`] or [`Atomic`] | a value outside of the range |
//! | [`Entry::u32`] | [`AtomicU32`] or [`Atomic`] | a value outside of the range |
//! | [`Entry::usize`] | [`AtomicUsize`] or [`Atomic`] | a value outside of the range |
//! | [`Entry::bool`] | [`AtomicBool`] or [`Atomic`] | a number other than 0 and 1 |
//! | [`Entry::text`] | [`Text`] | nothing: what is too long is cut, and so is what follows a line's end |
//!
//! # Examples
//!
//! ```
//! use kernel::{prelude::*, sync::atomic::Atomic, sysctl};
//!
//! module! {
//!     type: Limits,
//!     name: "limits",
//!     license: "GPL",
//! }
//!
//! /// Read with `DEPTH.load(Relaxed)`.
//! static DEPTH: Atomic<i32> = Atomic::new(16);
//!
//! struct Settings;
//!
//! impl sysctl::Table for Settings {
//!     const PATH: &'static CStr = c"dev/limits";
//!     const ENTRIES: &'static [sysctl::Entry] = &[sysctl::Entry::i32(c"depth", 0o644, &DEPTH, 1..=128)];
//! }
//!
//! struct Limits {
//!     _sysctl: sysctl::Registration<Settings>,
//! }
//!
//! impl kernel::Module for Limits {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         Ok(Limits {
//!             _sysctl: sysctl::Registration::new()?,
//!         })
//!     }
//! }
//! # fn main() {}
//! ```

mod entry;
mod registration;
mod text;

#[cfg(doc)]
use crate::sync::atomic::Atomic;
#[cfg(doc)]
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize};

use core::ffi::CStr;

pub use entry::{Entry, Storage};
pub use registration::Registration;
pub use text::Text;

/// The settings in one folder of `/proc/sys`.
pub trait Table: 'static {
    /// The folder, such as `c"dev/my_driver"`. It is made where it does not exist.
    const PATH: &'static CStr;

    /// The files in it.
    const ENTRIES: &'static [Entry];
}
