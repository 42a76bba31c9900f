// SPDX-License-Identifier: GPL-2.0-only

//! Data with the files about it, which go before it does.

#![allow(unsafe_code, reason = "files are made of borrowed data")]

use core::cell::Cell;
use core::ffi::CStr;
use core::fmt;
use core::marker::{PhantomData, PhantomPinned};
use core::ops::Deref;
use core::ptr::NonNull;

use koxide_abi::types::dentry;
use macros::pin_data;

use super::entry::{Entry, make_file, make_folder};
use super::operations::{Bytes, Callback, Not, Read, Taken, Text, Write};
use super::traits::{BinaryReader, BinaryWriter, Reader, Writer};
use crate::error::Result;
use crate::init::chained;
use crate::pin_init::{PinInit, try_pin_init};
use crate::uaccess::UserSliceReader;

/// Data with a folder of files about it. They are removed when this is dropped, before the data is.
#[pin_data]
pub struct Scope<T> {
    // Before the data: fields are dropped in their order. Set once, by the initialiser.
    entry: Cell<Entry>,
    #[pin]
    data: T,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: any thread may remove the files, and the data can be sent.
unsafe impl<T: Send> Send for Scope<T> {}
// SAFETY: a shared scope gives out its data, which can be shared; nobody shares it while the entry is set.
unsafe impl<T: Sync> Sync for Scope<T> {}

impl<T: 'static> Scope<T> {
    /// Data, and what `init` makes of it.
    pub(super) fn new<'a, E: 'a>(
        data: impl PinInit<T, E> + 'a,
        init: impl FnOnce(&T) -> Entry + 'a,
    ) -> impl PinInit<Self, E> + 'a {
        let without_files = try_pin_init!(Self {
            entry: Cell::new(Entry::empty()),
            data <- data,
            _pin: PhantomPinned,
        }? E);
        chained(without_files, |scope| {
            scope.entry.set(init(&scope.data));
            Ok(())
        })
    }

    /// Data with a folder in the root of debugfs: an initialiser. `init` makes the files.
    ///
    /// What cannot be made is left out, without an error.
    ///
    /// # Errors
    ///
    /// That of `data`.
    ///
    /// # Context
    ///
    /// May sleep.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # // kunit: run
    /// use core::sync::atomic::AtomicU32;
    /// use kernel::{debugfs::Scope, prelude::*};
    ///
    /// struct Counters {
    ///     sent: AtomicU32,
    ///     lost: AtomicU32,
    /// }
    ///
    /// let counters = Counters { sent: AtomicU32::new(0), lost: AtomicU32::new(0) };
    /// let counters = KBox::pin_init(
    ///     Scope::dir(counters, c"my_driver", |counters, dir| {
    ///         dir.read_only_file(c"sent", &counters.sent);
    ///         dir.read_write_file(c"lost", &counters.lost);
    ///     }),
    ///     GFP_KERNEL,
    /// )?;
    /// # drop(counters);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn dir<'a, E: 'a, F>(
        data: impl PinInit<T, E> + 'a,
        name: &'a CStr,
        init: F,
    ) -> impl PinInit<Self, E> + 'a
    where
        F: for<'data, 'dir> FnOnce(&'data T, &'dir ScopedDir<'data, 'dir>) + 'a,
    {
        Self::new(data, move |data| {
            filled(Entry::folder_of_files(name, None), data, init)
        })
    }
}

impl<T> Deref for Scope<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

/// A folder, after `init` has made the files in it.
pub(super) fn filled<T, F>(folder: Entry, data: &T, init: F) -> Entry
where
    F: for<'data, 'dir> FnOnce(&'data T, &'dir ScopedDir<'data, 'dir>),
{
    let dir = ScopedDir {
        dentry: folder.dentry(),
        _lifetimes: PhantomData,
    };
    init(data, &dir);
    folder
}

/// A folder of a [`Scope`] that is being made: files about the scope's data, and folders, are made in it.
///
/// The folder of a name that is taken, and what would be in it, and a file of such a name, are left out.
///
/// Files are about what lives as long as the scope's data: a file about anything else does not compile.
///
/// ```compile_fail,E0597
/// use core::sync::atomic::AtomicU32;
/// use kernel::{debugfs::Scope, prelude::*};
///
/// fn make() -> impl PinInit<Scope<u32>> {
///     let local = AtomicU32::new(0);
///     Scope::dir(7, c"my_driver", |_seven, dir| dir.read_only_file(c"local", &local))
/// }
/// ```
///
/// # Invariants
///
/// The folder, when there is one, is removed before anything that lives for `'data`.
pub struct ScopedDir<'data, 'dir> {
    dentry: Option<NonNull<dentry>>,
    _lifetimes: PhantomData<fn(&'data ()) -> &'dir ()>,
}

impl<'data> ScopedDir<'data, '_> {
    /// Makes a folder in this one. It is removed with it.
    pub fn dir<'dir2>(&'dir2 self, name: &CStr) -> ScopedDir<'data, 'dir2> {
        // INVARIANT: it is removed with the folder that it is in.
        ScopedDir {
            dentry: NonNull::new(make_folder(name, Some(self.dentry))),
            _lifetimes: PhantomData,
        }
    }

    /// Makes a file.
    fn create<R: Read, W: Write<Data = R::Data>>(&self, name: &CStr, data: &'data R::Data) {
        // SAFETY: by the invariant the folder is removed before the data is dropped, and the file with it.
        unsafe { make_file::<R, W>(name, self.dentry, data) };
    }

    /// Makes a file that shows a value as text.
    pub fn read_only_file<T>(&self, name: &CStr, data: &'data T)
    where
        T: Writer + Send + Sync + 'static,
    {
        self.create::<Text<T>, Not<T>>(name, data);
    }

    /// Makes a file that shows a value as bytes.
    pub fn read_binary_file<T>(&self, name: &CStr, data: &'data T)
    where
        T: BinaryWriter + Send + Sync + 'static,
    {
        self.create::<Bytes<T>, Not<T>>(name, data);
    }

    /// Makes a file with the text that a function makes of a value.
    pub fn read_callback_file<T, F>(&self, name: &CStr, data: &'data T, _f: &'static F)
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
    {
        self.create::<Callback<T, F>, Not<T>>(name, data);
    }

    /// Makes a file that shows and takes a value as text.
    pub fn read_write_file<T>(&self, name: &CStr, data: &'data T)
    where
        T: Writer + Reader + Send + Sync + 'static,
    {
        self.create::<Text<T>, Text<T>>(name, data);
    }

    /// Makes a file that shows and takes a value as bytes.
    pub fn read_write_binary_file<T>(&self, name: &CStr, data: &'data T)
    where
        T: BinaryWriter + BinaryReader + Send + Sync + 'static,
    {
        self.create::<Bytes<T>, Bytes<T>>(name, data);
    }

    /// Makes a file with the text that a function makes of a value, and a function that takes what is written.
    pub fn read_write_callback_file<T, F, W>(
        &self,
        name: &CStr,
        data: &'data T,
        _f: &'static F,
        _w: &'static W,
    ) where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        self.create::<Callback<T, F>, Taken<T, W>>(name, data);
    }

    /// Makes a file that takes a value as text.
    pub fn write_only_file<T>(&self, name: &CStr, data: &'data T)
    where
        T: Reader + Send + Sync + 'static,
    {
        self.create::<Not<T>, Text<T>>(name, data);
    }

    /// Makes a file that takes a value as bytes.
    pub fn write_binary_file<T>(&self, name: &CStr, data: &'data T)
    where
        T: BinaryReader + Send + Sync + 'static,
    {
        self.create::<Not<T>, Bytes<T>>(name, data);
    }

    /// Makes a file with a function that takes what is written.
    pub fn write_only_callback_file<T, W>(&self, name: &CStr, data: &'data T, _w: &'static W)
    where
        T: Send + Sync + 'static,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        self.create::<Not<T>, Taken<T, W>>(name, data);
    }
}
