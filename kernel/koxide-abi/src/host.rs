// SPDX-License-Identifier: GPL-2.0-only

//! What stands in for the kernel in user space: enough to test the library's own logic.

pub(crate) mod alloc;
pub(crate) mod completion;
pub mod file;
pub(crate) mod interrupt;
pub mod iov;
pub(crate) mod lock;
pub(crate) mod module_param;
pub(crate) mod pending;
pub mod print;
pub(crate) mod rcu;
pub(crate) mod rwlock;
pub(crate) mod time;
pub mod uaccess;
pub(crate) mod wait;

/// The answer of a shim that has no twin here.
pub(crate) fn missing(name: &str) -> ! {
    panic!("{name} needs a kernel: run `cargo koxide test`");
}
