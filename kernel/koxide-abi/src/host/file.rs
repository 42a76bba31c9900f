// SPDX-License-Identifier: GPL-2.0-only

//! Open files: the count of their references and nothing else.

use core::ffi::c_int;

use crate::types::file;

/// What stands for a `struct file`.
pub struct File {
    /// How many references there are.
    pub count: i64,
}

impl File {
    /// Its address, as the shims take it.
    pub fn as_raw(&mut self) -> *mut file {
        (&raw mut *self).cast()
    }
}

/// Twin of `kx_get_file`.
///
/// # Safety
///
/// `file` is a [`File`].
pub(crate) unsafe fn get(file: *mut file) -> c_int {
    // SAFETY: as the caller promises.
    let file = unsafe { &mut *file.cast::<File>() };
    if file.count == 0 {
        return 0;
    }
    file.count += 1;
    1
}

/// Twin of `kx_fput`.
///
/// # Safety
///
/// `file` is a [`File`], and one reference is the caller's.
pub(crate) unsafe fn put(file: *mut file) {
    // SAFETY: as the caller promises.
    let file = unsafe { &mut *file.cast::<File>() };
    file.count -= 1;
}
