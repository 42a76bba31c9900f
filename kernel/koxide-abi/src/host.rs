// SPDX-License-Identifier: GPL-2.0-only

//! What stands in for the kernel in user space: enough to test the library's own logic.

pub mod alloc;
pub(crate) mod chrdev;
pub(crate) mod completion;
pub(crate) mod context;
pub(crate) mod cred;
pub mod descriptor;
pub(crate) mod device;
mod errno;
pub(crate) mod faux;
pub mod file;
pub(crate) mod hrtimer;
pub(crate) mod interrupt;
pub mod iov;
pub(crate) mod kthread;
mod later;
pub(crate) mod lock;
pub mod machine;
pub(crate) mod miscdevice;
pub(crate) mod module;
pub(crate) mod module_param;
mod node;
pub(crate) mod page;
pub(crate) mod pending;
pub mod print;
mod printf;
pub(crate) mod random;
pub(crate) mod rcu;
mod registered;
pub(crate) mod rwlock;
pub(crate) mod srcu;
pub mod task;
pub(crate) mod time;
pub(crate) mod timer;
pub mod uaccess;
pub(crate) mod wait;
pub(crate) mod workqueue;
mod works;

/// The answer of a shim that has no twin here.
pub(crate) fn missing(name: &str) -> ! {
    panic!("{name} needs a kernel: run `cargo koxide test`");
}
