// SPDX-License-Identifier: GPL-2.0-only

//! What is in `/proc` as long as it exists: fs/proc/generic.c.

#![allow(unsafe_code, reason = "the C edge of entries in /proc")]

use core::cell::Cell;
use core::ffi::CStr;
use core::marker::PhantomPinned;
use core::ops::Deref;
use core::pin::Pin;
use core::ptr::NonNull;

use koxide_abi::types::proc_dir_entry;
use macros::{pin_data, pinned_drop};

use super::{Operations, check_name, table};
use crate::alloc::flags::GFP_KERNEL;
use crate::error::{
    Error, Result,
    code::{EINVAL, ENOMEM},
};
use crate::init::with_errno;
use crate::module;
use crate::pin_init::{PinInit, try_pin_init};
use crate::sync::Arc;

/// A folder in `/proc`.
///
/// It is removed when the last value that stands for it is gone, and the last file or folder in it.
#[derive(Clone)]
pub struct Dir(Arc<Folder>);

impl Dir {
    /// Makes a folder, in another one or in `/proc` itself.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a name that is empty or too long, has a slash, or is a number in `/proc` itself. `ENOMEM` when there is
    /// no memory, or the name is taken; the kernel then warns.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # // kunit: run
    /// use kernel::{prelude::*, procfs::Dir};
    ///
    /// let driver = Dir::new(c"my_driver", None)?;
    /// let ports = Dir::new(c"ports", Some(&driver))?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(name: &CStr, parent: Option<&Dir>) -> Result<Self> {
        check_name(name, parent.is_none())?;
        // SAFETY: the parent is there as long as it is borrowed, and the name is a C string.
        let entry = unsafe { koxide_abi::kx_proc_mkdir(name.as_ptr(), Self::raw(parent)) };
        let folder = Folder {
            // INVARIANT: it was just made.
            entry: NonNull::new(entry).ok_or(ENOMEM)?,
            _parent: parent.cloned(),
        };
        Ok(Self(Arc::new(folder, GFP_KERNEL)?))
    }

    /// The kernel's name for a folder; null for `/proc` itself.
    fn raw(dir: Option<&Self>) -> *mut proc_dir_entry {
        dir.map_or(core::ptr::null_mut(), |dir| dir.0.entry.as_ptr())
    }
}

/// A folder that was made.
///
/// # Invariants
///
/// `entry` was made, and not removed, also not with its parent.
struct Folder {
    entry: NonNull<proc_dir_entry>,
    // Dropped after the folder itself is removed: removing a parent would take it along.
    _parent: Option<Dir>,
}

// SAFETY: any thread may make entries in a folder and remove it.
unsafe impl Send for Folder {}
// SAFETY: the kernel locks what threads do to a folder.
unsafe impl Sync for Folder {}

impl Drop for Folder {
    fn drop(&mut self) {
        // SAFETY: by the invariant it is there; nothing is in it, since each entry keeps its folder.
        unsafe { koxide_abi::kx_proc_remove(self.entry.as_ptr()) };
    }
}

/// A file in `/proc`, with the data that it is about. It is removed when this is dropped.
///
/// # Invariants
///
/// When `entry` is there, it is a file that was made for `data`, which is pinned, and that was not removed.
#[pin_data(PinnedDrop)]
pub struct File<T: Operations> {
    // Set once by the initialiser, read by the drop.
    entry: Cell<Option<NonNull<proc_dir_entry>>>,
    _parent: Option<Dir>,
    #[pin]
    data: T,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: any thread may remove the file, and the data can be sent.
unsafe impl<T: Operations> Send for File<T> {}
// SAFETY: a shared file gives out its data, which can be shared; nobody shares it while `entry` changes.
unsafe impl<T: Operations> Sync for File<T> {}

impl<T: Operations> File<T> {
    /// Makes a file, in a folder or in `/proc` itself, with permission bits such as `0o644`: an initialiser.
    ///
    /// Programs may use the file before the initialiser has returned.
    ///
    /// # Errors
    ///
    /// That of `data`, or as for [`Dir::new`]; `EINVAL` when the mode allows nobody anything, which the kernel takes for
    /// another mode.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new<'a, E: 'a>(
        name: &'a CStr,
        mode: u16,
        parent: Option<&'a Dir>,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        Error: From<E>,
    {
        try_pin_init!(Self {
            entry: Cell::new(None),
            _parent: parent.cloned(),
            data <- with_errno(data),
            _pin: PhantomPinned,
        }? Error)
        .pin_chain(move |file| {
            check_name(name, parent.is_none())?;
            if mode & 0o777 == 0 {
                return Err(EINVAL);
            }
            let data = (&raw const file.data).cast_mut().cast();
            // SAFETY: the name is a C string, the parent is there, and the table lives for ever. The
            // data is initialised and pinned, and the file is removed before it is dropped.
            let entry = unsafe {
                koxide_abi::kx_proc_create(
                    name.as_ptr(),
                    mode & 0o777,
                    Dir::raw(parent),
                    table::proc_ops::<T>(),
                    data,
                )
            };
            let entry = NonNull::new(entry).ok_or(ENOMEM)?;
            module::registered();
            // INVARIANT: it was just made.
            file.entry.set(Some(entry));
            Ok(())
        })
    }
}

impl<T: Operations> Deref for File<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

#[pinned_drop]
impl<T: Operations> PinnedDrop for File<T> {
    fn drop(self: Pin<&mut Self>) {
        if let Some(entry) = self.entry.get() {
            // SAFETY: by the invariant it is there.
            unsafe { koxide_abi::kx_proc_remove(entry.as_ptr()) };
            module::unregistered();
        }
    }
}
