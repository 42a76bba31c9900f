// SPDX-License-Identifier: GPL-2.0-only

//! Open files, and what drivers do with theirs: include/linux/fs.h.

#![allow(unsafe_code, reason = "the C edge of open files")]

pub mod events;
pub mod file;
pub mod flags;
mod kiocb;
mod operations;
mod seek;
pub(crate) mod table;

use core::ptr::NonNull;

use crate::cred::Credential;
use crate::sync::aref::AlwaysRefCounted;
use crate::types::Opaque;

pub use kiocb::Kiocb;
pub use operations::FileOperations;
pub use seek::{Seek, Whence};

/// An open file.
///
/// # Invariants
///
/// This is a `struct file` of the kernel.
#[repr(transparent)]
pub struct File(Opaque<koxide_abi::types::file>);

// SAFETY: any thread may give back a reference.
unsafe impl Send for File {}
// SAFETY: what can be done with a shared file is synchronised by the kernel, or does not change.
unsafe impl Sync for File {}

impl File {
    /// The file at an address.
    ///
    /// # Safety
    ///
    /// During `'a` there is a reference to it.
    pub(crate) unsafe fn from_raw<'a>(ptr: *mut koxide_abi::types::file) -> &'a Self {
        // SAFETY: the struct has the layout of its one field, and lives for `'a`.
        unsafe { &*ptr.cast() }
    }

    /// The kernel's file.
    pub(crate) fn as_ptr(&self) -> *mut koxide_abi::types::file {
        self.0.get()
    }

    /// The flags that the file was opened with, as changed by `fcntl(2)`: see [`flags`].
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::fs::{File, flags};
    ///
    /// fn waits(file: &File) -> bool {
    ///     file.flags() & flags::O_NONBLOCK == 0
    /// }
    /// ```
    pub fn flags(&self) -> u32 {
        // SAFETY: whoever has `self` has a reference.
        unsafe { koxide_abi::kx_file_flags(self.0.get()) }
    }

    /// The credentials of whoever opened the file.
    pub fn cred(&self) -> &Credential {
        // SAFETY: whoever has `self` has a reference.
        let cred = unsafe { koxide_abi::kx_file_cred(self.0.get()) };
        // SAFETY: the file has a reference to them, and never changes it.
        unsafe { Credential::from_ptr(cred) }
    }
}

// SAFETY: the kernel counts references to open files, and does not move them.
unsafe impl AlwaysRefCounted for File {
    /// # Panics
    ///
    /// In [`release`](FileOperations::release): the last reference is gone, and a new one would be to
    /// memory that is freed.
    fn inc_ref(&self) {
        // SAFETY: whoever has `self` has a reference, or was called by the file's `release`.
        let counted = unsafe { koxide_abi::kx_get_file(self.0.get()) };
        assert!(counted != 0, "a file that is being released cannot be kept");
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: the caller gives its reference back.
        unsafe { koxide_abi::kx_fput(obj.as_ptr().cast()) };
    }
}

#[cfg(test)]
mod tests {
    use koxide_abi::host;

    use super::*;
    use crate::sync::aref::ARef;

    #[test]
    fn a_file_is_kept_by_counting() {
        let raw = host::file::File::of_nothing(1);
        // SAFETY: it has a reference as long as `raw` lives.
        let file = unsafe { File::from_raw(raw.as_raw()) };
        let kept = ARef::from(file);
        drop((kept.clone(), kept));
        assert_eq!(raw.refs(), 1);
    }

    #[test]
    #[should_panic(expected = "a file that is being released cannot be kept")]
    fn a_file_that_is_being_released_cannot_be_kept() {
        let raw = host::file::File::of_nothing(0);
        // SAFETY: it lives as long as `raw`.
        let file = unsafe { File::from_raw(raw.as_raw()) };
        drop(ARef::from(file));
    }
}
