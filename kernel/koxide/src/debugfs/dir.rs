// SPDX-License-Identifier: GPL-2.0-only

//! Folders that live on their own, and files that contain their data.

#![allow(unsafe_code, reason = "files are made of data beside them")]

use core::ffi::CStr;
use core::fmt;
use core::ops::Deref;

use macros::pin_data;

use super::entry::Entry;
use super::operations::{Bytes, Callback, Not, Read, Taken, Text, Write};
use super::scope::{Scope, ScopedDir, filled};
use super::traits::{BinaryReader, BinaryWriter, Reader, Writer};
use crate::alloc::flags::GFP_KERNEL;
use crate::error::Result;
use crate::pin_init::{PinInit, try_pin_init};
use crate::sync::Arc;
use crate::uaccess::UserSliceReader;

/// A folder in debugfs.
///
/// It is removed when the last value that stands for it is gone, and the last file or folder in it. When it cannot be
/// made, since the name is taken or debugfs is switched off, what would be in it is not made either; there is no error.
#[derive(Clone)]
pub struct Dir(Option<Arc<Entry>>);

impl Dir {
    /// Makes a folder in the root of debugfs. May sleep.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # // kunit: run
    /// use kernel::{debugfs::Dir, prelude::*};
    ///
    /// let driver = Dir::new(c"my_driver");
    /// let version = KBox::pin_init(driver.read_only_file(c"version", 3), GFP_KERNEL)?;
    /// # drop(version);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(name: &CStr) -> Self {
        Self(Arc::new(Entry::folder(name, None), GFP_KERNEL).ok())
    }

    /// Makes a folder in this one. May sleep.
    pub fn subdir(&self, name: &CStr) -> Self {
        let Some(parent) = self.0.clone() else {
            return Self(None);
        };
        Self(Arc::new(Entry::folder(name, Some(parent)), GFP_KERNEL).ok())
    }

    /// Data with a folder in this one: an initialiser. `init` makes the files. May sleep.
    ///
    /// # Errors
    ///
    /// That of `data`.
    pub fn scope<'a, T: 'static, E: 'a, F>(
        &'a self,
        data: impl PinInit<T, E> + 'a,
        name: &'a CStr,
        init: F,
    ) -> impl PinInit<Scope<T>, E> + 'a
    where
        F: for<'data, 'dir> FnOnce(&'data T, &'dir ScopedDir<'data, 'dir>) + 'a,
    {
        Scope::new(data, move |data| {
            let folder = match &self.0 {
                Some(parent) => Entry::folder_of_files(name, Some(parent.clone())),
                None => Entry::empty(),
            };
            filled(folder, data, init)
        })
    }

    /// Makes a file with its data.
    fn create<'a, R: Read, W: Write<Data = R::Data>, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<R::Data, E> + 'a,
    ) -> impl PinInit<File<R::Data>, E> + 'a {
        let scope = Scope::new(data, move |data| match &self.0 {
            // SAFETY: a scope drops its entry before its data.
            Some(parent) => unsafe { Entry::file::<R, W>(name, parent.clone(), data) },
            None => Entry::empty(),
        });
        try_pin_init!(File { scope <- scope }? E)
    }

    /// A file that shows a value as text. May sleep.
    pub fn read_only_file<'a, T, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Writer + Send + Sync + 'static,
    {
        self.create::<Text<T>, Not<T>, E>(name, data)
    }

    /// A file that shows a value as bytes. May sleep.
    pub fn read_binary_file<'a, T, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: BinaryWriter + Send + Sync + 'static,
    {
        self.create::<Bytes<T>, Not<T>, E>(name, data)
    }

    /// A file with the text that a function makes of a value. May sleep.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # // kunit: run
    /// use kernel::{debugfs::Dir, fmt, prelude::*};
    ///
    /// fn in_hex(value: &u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ///     writeln!(f, "{value:#x}")
    /// }
    ///
    /// let dir = Dir::new(c"my_driver");
    /// let file = KBox::pin_init(dir.read_callback_file(c"id", 0xbeef_u32, &in_hex), GFP_KERNEL)?;
    /// # drop(file);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn read_callback_file<'a, T, E: 'a, F>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        _f: &'static F,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
    {
        self.create::<Callback<T, F>, Not<T>, E>(name, data)
    }

    /// A file that shows and takes a value as text. May sleep.
    pub fn read_write_file<'a, T, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Writer + Reader + Send + Sync + 'static,
    {
        self.create::<Text<T>, Text<T>, E>(name, data)
    }

    /// A file that shows and takes a value as bytes. May sleep.
    pub fn read_write_binary_file<'a, T, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: BinaryWriter + BinaryReader + Send + Sync + 'static,
    {
        self.create::<Bytes<T>, Bytes<T>, E>(name, data)
    }

    /// A file with the text that a function makes of a value, and a function that takes what is written. May sleep.
    pub fn read_write_callback_file<'a, T, E: 'a, F, W>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        _f: &'static F,
        _w: &'static W,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Send + Sync + 'static,
        F: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result + Send + Sync,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        self.create::<Callback<T, F>, Taken<T, W>, E>(name, data)
    }

    /// A file that takes a value as text. May sleep.
    pub fn write_only_file<'a, T, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Reader + Send + Sync + 'static,
    {
        self.create::<Not<T>, Text<T>, E>(name, data)
    }

    /// A file that takes a value as bytes. May sleep.
    pub fn write_binary_file<'a, T, E: 'a>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: BinaryReader + Send + Sync + 'static,
    {
        self.create::<Not<T>, Bytes<T>, E>(name, data)
    }

    /// A file with a function that takes what is written. May sleep.
    pub fn write_callback_file<'a, T, E: 'a, W>(
        &'a self,
        name: &'a CStr,
        data: impl PinInit<T, E> + 'a,
        _w: &'static W,
    ) -> impl PinInit<File<T>, E> + 'a
    where
        T: Send + Sync + 'static,
        W: Fn(&T, &mut UserSliceReader) -> Result + Send + Sync,
    {
        self.create::<Not<T>, Taken<T, W>, E>(name, data)
    }
}

/// A file in debugfs, with the data that it is about. It is removed when this is dropped.
#[pin_data]
pub struct File<T> {
    #[pin]
    scope: Scope<T>,
}

impl<T> Deref for File<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.scope
    }
}
