// SPDX-License-Identifier: GPL-2.0-only

//! The safe library for Linux drivers in Rust, in the names and shapes of upstream's `kernel` crate (Linux 7.3).
//!
//! A driver is a `no_std` library whose crate root has one [`module!`]. It compiles to one object that loads on every
//! stock kernel of an architecture, since all contact with the kernel goes through the functions of `koxide-abi`.
//!
//! A panic is an error of the call that the kernel made; [`module`](mod@module#panics) says what follows, and what a driver may choose.
//!
//! # Examples
//!
//! ```
//! use kernel::prelude::*;
//!
//! module! {
//!     type: HelloWorld,
//!     name: "hello_world",
//!     description: "Greets and takes leave in the kernel log",
//!     license: "GPL",
//! }
//!
//! struct HelloWorld;
//!
//! impl kernel::Module for HelloWorld {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         pr_info!("hello\n");
//!         Ok(HelloWorld)
//!     }
//! }
//!
//! impl Drop for HelloWorld {
//!     fn drop(&mut self) {
//!         pr_info!("goodbye\n");
//!     }
//! }
//! # fn main() {}
//! ```
#![no_std]
// Smart pointers that become pointers to `dyn Trait`, and methods that take them as `self`.
// Code that runs once at most, if ever, small; format strings that are constants, and depend on types; C's
// `__builtin_constant_p`.
#![allow(internal_features, reason = "what a compiler knows only it can say")]
#![feature(
    arbitrary_self_types,
    cfg_sanitize,
    coerce_unsized,
    core_intrinsics,
    dispatch_from_dyn,
    ffi_const,
    freeze,
    lang_items,
    optimize_attribute,
    panic_can_unwind,
    pin_coerce_unsized_trait,
    rust_cold_cc,
    sanitize,
    unsize
)]
#![deny(unsafe_code)]

// The macros name this crate as a driver does.
extern crate self as kernel;

/// The library's own tests have devices, but no `module!`.
#[cfg(test)]
use fake::tests::Empty as LocalModule;

#[cfg(not(target_os = "none"))]
extern crate std;

pub mod alloc;
#[cfg(any(test, doctest))]
mod attacks;
pub mod bits;
pub mod build_assert;
pub mod chrdev;
pub mod configfs;
pub mod cred;
pub mod debugfs;
pub mod device;
#[cfg(all(target_os = "none", target_arch = "arm"))]
mod divide;
mod entry;
pub mod error;
#[cfg(not(target_os = "none"))]
pub mod fake;
pub mod faux;
pub mod ffi;
pub mod fmt;
pub mod fs;
pub mod init;
pub mod interrupt;
pub mod ioctl;
pub mod iov;
pub mod kthread;
pub mod kunit;
pub mod miscdevice;
pub mod mm;
pub mod module;
pub mod module_param;
pub mod page;
mod panic;
pub mod prelude;
pub mod print;
pub mod procfs;
#[cfg(test)]
mod races;
pub mod random;
pub mod seq_file;
pub mod sizes;
pub mod str;
pub mod sync;
pub mod sysctl;
pub mod sysfs;
mod table;
pub mod task;
pub mod time;
pub mod tracepoint;
pub mod transmute;
pub mod types;
pub mod uaccess;
#[cfg(all(target_os = "none", panic = "unwind"))]
mod unwind;
#[cfg(test)]
#[path = "unwind/tests.rs"]
mod unwind_tests;
pub mod workqueue;

/// In-place initialisation, as upstream's pin-init crate has it.
pub mod pin_init {
    // These take the place of pin-init's own: their expansions name this crate, and a driver needs no other.
    pub use ::macros::{Zeroable, pin_data, pinned_drop};
    // Not pin-init's own, which lets a value that is registered or locked be hidden from its drop.
    pub use crate::init::{Wrapper, init_scope, pin_init_scope};
    // Nor those that forget what they made when the rest panics.
    pub use crate::init::{init_array_from_fn, pin_init_array_from_fn};
    // Nor its `init!`, which takes packed structs.
    #[doc(inline)]
    pub use crate::{__init as init, __init as try_init};
    #[doc(hidden)]
    pub use pinned_init::try_init as __try_init;
    #[doc(no_inline)]
    pub use pinned_init::*;
}

pub use ::macros;
#[doc(hidden)]
pub use ::macros::{__example_module, __printk};
pub use macros::{fmt, module};
pub use module::{InPlaceModule, Module, ModuleMetadata, ThisModule};

mod older;

/// For macros that `unsafe` code relies on: another crate can have the name `core` in a driver.
#[doc(hidden)]
pub use ::core as __core;

/// The prefix of what this library itself writes to the log.
#[doc(hidden)]
pub const __LOG_PREFIX: &core::ffi::CStr = c"koxide";
