// SPDX-License-Identifier: GPL-2.0-only

//! The Koxide ABI: every C function that Rust code in the kernel may call, and nothing else.
//!
//! Rust never sees a kernel struct. What it needs of one goes through a function declared here by `shims!` and
//! defined in `shims/<subsystem>.c`, which is compiled against the target kernel's own headers. One file here
//! has the same stem as one file there. The C prototypes in `include/koxide.h` are generated from these
//! declarations.
//!
//! On `target_os = "none"` the declarations are `extern "C"`. Everywhere else (`cargo check`, rust-analyzer,
//! `cargo test`) they are functions of the same signature: those marked `#[host(..)]` have a user-space twin in
//! [`host`], so that the library's own logic can be tested, and the others panic with a sentence that says so.
//!
//! What is only a field of a kernel's struct is declared by `fields!`: no call is left of it in the kernel, where the linker
//! writes the field's offset into Rust's own instruction.
//!
//! This crate declares; it decides nothing. Safe code belongs into the `kernel` library.
#![cfg_attr(target_os = "none", no_std)]

#[macro_use]
mod macros;
#[macro_use]
mod rooms;
#[cfg(not(target_os = "none"))]
pub mod host;

mod alloc;
mod chrdev;
mod completion;
mod configfs;
mod cred;
mod debugfs;
mod device;
mod divide;
mod faux;
#[cfg(any(target_os = "none", test))]
mod field;
mod fs;
mod hrtimer;
mod interrupt;
mod iov;
mod kthread;
mod lockdep;
mod miscdevice;
mod mm;
mod module;
mod module_param;
mod mutex;
mod page;
mod panic;
mod pending;
mod poll;
mod print;
mod procfs;
mod random;
mod rcu;
mod restart;
mod rwlock;
mod rwsem;
mod seq_file;
mod spinlock;
mod srcu;
mod sysctl;
mod sysfs;
mod task;
mod time;
mod timer;
pub mod types;
mod uaccess;
mod wait;
mod workqueue;

pub use alloc::*;
pub use chrdev::*;
pub use completion::*;
pub use configfs::*;
pub use cred::*;
pub use debugfs::*;
pub use device::*;
pub use divide::*;
pub use faux::*;
pub use fs::*;
pub use hrtimer::*;
pub use interrupt::*;
pub use iov::*;
pub use kthread::*;
pub use lockdep::*;
pub use miscdevice::*;
pub use mm::*;
pub use module::*;
pub use module_param::*;
pub use mutex::*;
pub use page::*;
pub use panic::*;
pub use pending::*;
pub use poll::*;
pub use print::*;
pub use procfs::*;
pub use random::*;
pub use rcu::*;
pub use restart::*;
pub use rwlock::*;
pub use rwsem::*;
pub use seq_file::*;
pub use spinlock::*;
pub use srcu::*;
pub use sysctl::*;
pub use sysfs::*;
pub use task::*;
pub use time::*;
pub use timer::*;
pub use uaccess::*;
pub use wait::*;
pub use workqueue::*;

/// The version of this ABI.
///
/// An object of another version does not build against these shims: it references another `kx_abi_<VERSION>`.
pub const VERSION: u32 = 1;
