// SPDX-License-Identifier: GPL-2.0-only

//! All functions that the kernel calls, with what it is told when the Rust code behind one has no answer.
//!
//! A function that can fail says so with an errno. Where the kernel asks for none, the answer is what ends the matter without
//! harm: a timer does not come again, a list of events says that there was an error.

use core::ffi::{CStr, c_int, c_long, c_uint};

use crate::error::code::{EIO, ENODEV};
use crate::fs::events::{EPOLLERR, EPOLLHUP};

/// A function that the kernel calls.
#[cfg_attr(
    not(all(target_os = "none", panic = "unwind")),
    allow(dead_code, reason = "nothing is contained")
)]
pub(crate) struct Callback<R> {
    /// What the log says of it.
    pub(super) words: Words,
    /// The answer when the code behind it panicked.
    pub(super) panicked: R,
    /// The answer when the code behind it is not run, since something panicked before.
    pub(super) poisoned: R,
}

/// What the log says when the code behind a function panicked.
#[cfg_attr(
    not(all(target_os = "none", panic = "unwind")),
    allow(dead_code, reason = "nothing is contained")
)]
pub(crate) struct Words {
    /// What the kernel calls the function.
    pub(crate) name: &'static CStr,
    /// The answer.
    pub(crate) answer: &'static CStr,
}

impl Words {
    /// Of a panic that is not contained.
    #[cfg(target_os = "none")]
    pub(crate) const NONE: Self = Self {
        name: c"",
        answer: c"",
    };
}

/// Types of which some numbers are errors.
pub(crate) trait Errno {
    const EIO: Self;
    const ENODEV: Self;
}

macro_rules! errno {
    ($($type:ty)*) => {$(
        impl Errno for $type {
            const EIO: Self = EIO.to_errno() as Self;
            const ENODEV: Self = ENODEV.to_errno() as Self;
        }
    )*};
}

errno!(i32 i64 isize);

impl<T> Errno for *mut T {
    const EIO: Self = error_pointer(EIO);
    const ENODEV: Self = error_pointer(ENODEV);
}

/// An errno as a pointer: include/linux/err.h.
pub(crate) const fn error_pointer<T>(error: crate::error::Error) -> *mut T {
    core::ptr::without_provenance_mut(error.to_errno() as isize as usize)
}

impl<R: Errno> Callback<R> {
    /// One that can fail.
    const fn fails(name: &'static CStr) -> Self {
        Self {
            words: Words {
                name,
                answer: c"returned EIO",
            },
            panicked: R::EIO,
            poisoned: R::ENODEV,
        }
    }
}

impl<R: Copy> Callback<R> {
    /// One that cannot.
    const fn ends(name: &'static CStr, words: &'static CStr, answer: R) -> Self {
        Self {
            words: Words {
                name,
                answer: words,
            },
            panicked: answer,
            poisoned: answer,
        }
    }
}

/// What says nothing.
const NOTHING: &CStr = c"nothing returned";

// Modules: include/linux/module.h.
pub(crate) const INIT: &Callback<c_int> = &Callback::fails(c"init");
pub(crate) const EXIT: &Callback<()> = &Callback::ends(c"exit", NOTHING, ());
/// What is dropped when the module or a queue goes, which the kernel does not call.
pub(crate) const DROP: &Callback<()> = &Callback::ends(c"drop", NOTHING, ());

// Files: include/linux/fs.h.
pub(crate) const OPEN: &Callback<c_int> = &Callback::fails(c"open");
pub(crate) const RELEASE: &Callback<c_int> = &Callback::ends(c"release", c"returned 0", 0);
pub(crate) const LLSEEK: &Callback<i64> = &Callback::fails(c"llseek");
pub(crate) const READ_ITER: &Callback<isize> = &Callback::fails(c"read_iter");
pub(crate) const WRITE_ITER: &Callback<isize> = &Callback::fails(c"write_iter");
pub(crate) const IOCTL: &Callback<c_long> = &Callback::fails(c"unlocked_ioctl");
pub(crate) const COMPAT_IOCTL: &Callback<c_long> = &Callback::fails(c"compat_ioctl");
pub(crate) const POLL: &Callback<c_uint> = &Callback {
    poisoned: EPOLLERR | EPOLLHUP,
    ..Callback::ends(c"poll", c"returned EPOLLERR", EPOLLERR)
};
pub(crate) const MMAP: &Callback<c_int> = &Callback::fails(c"mmap");
pub(crate) const SHOW_FDINFO: &Callback<()> = &Callback::ends(c"show_fdinfo", NOTHING, ());

// Files whose operations other parts of the kernel share: include/linux/{seq_file,proc_fs,debugfs,sysfs,configfs}.h.
pub(crate) const READ: &Callback<isize> = &Callback::fails(c"read");
pub(crate) const WRITE: &Callback<isize> = &Callback::fails(c"write");
pub(crate) const SEQ_SHOW: &Callback<c_int> = &Callback::fails(c"show");
pub(crate) const SHOW: &Callback<isize> = &Callback::fails(c"show");
pub(crate) const STORE: &Callback<isize> = &Callback::fails(c"store");

/// `make_group` of configfs.
pub(crate) const fn make_group<T>() -> &'static Callback<*mut T> {
    const { &Callback::fails(c"make_group") }
}

pub(crate) const DROP_ITEM: &Callback<()> = &Callback::ends(c"drop_item", NOTHING, ());
pub(crate) const RELEASE_ITEM: &Callback<()> = &Callback::ends(c"release", NOTHING, ());

// What runs later: include/linux/{workqueue,timer,hrtimer,kthread}.h.
pub(crate) const WORK: &Callback<()> = &Callback::ends(c"work", NOTHING, ());
pub(crate) const TIMER: &Callback<()> = &Callback::ends(c"timer", c"not armed again", ());
pub(crate) const HRTIMER: &Callback<c_int> = &Callback::ends(c"hrtimer", c"not started again", 0);
pub(crate) const KTHREAD: &Callback<()> = &Callback::ends(c"kthread", c"the thread ends", ());
