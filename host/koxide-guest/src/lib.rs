// SPDX-License-Identifier: MIT OR Apache-2.0

//! The inside of the test machine: what drivers' tests use, and what its init is made of.
//!
//! A driver's `tests/*.rs` are ordinary Rust tests that happen to run as root in a machine of their own, booted for
//! them with the kernel under test. This library gives them what such tests need and the standard library lacks:
//! loading modules, the kernel log, `ioctl`, pointers that are bad on purpose, other users. No test needs `unsafe`.
//!
//! ```no_run
//! use koxide_guest::{KernelLog, Module};
//!
//! let mut log = KernelLog::since_now();
//! let module = Module::load("hello_world", "").unwrap();
//! log.wait_for("hello_world: ");
//! module.unload().unwrap();
//! ```
#![deny(unsafe_code)]

pub mod bench;
pub mod blocked;
pub mod compat;
pub mod crowd;
pub mod errno;
pub mod faults;
pub mod holes;
pub mod ioctl;
pub mod kmemleak;
pub mod log;
pub mod mapping;
pub mod module;
pub mod mount;
pub mod panics;
pub mod pointer;
#[doc(hidden)]
pub mod protocol;
pub mod ready;
mod sys;
#[doc(hidden)]
pub mod terminal;
pub mod user;

pub use blocked::Blocked;
pub use errno::{Errno, errno};
pub use kmemleak::Kmemleak;
pub use log::KernelLog;
pub use mapping::Mapping;
pub use module::Module;
pub use mount::mount_at;
pub use pointer::{BadPointer, Guarded, HUGE};
pub use ready::{Epoll, Ready};
pub use user::as_user;

/// The size of a page. Kernels of one architecture may have different ones.
pub fn page_size() -> usize {
    sys::page()
}

/// Whether this process runs inside a machine that Koxide booted.
pub fn in_vm() -> bool {
    std::path::Path::new(protocol::paths::PLAN).exists()
}
