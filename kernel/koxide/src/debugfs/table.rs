// SPDX-License-Identifier: GPL-2.0-only

//! The functions that the kernel calls for a file in debugfs: include/linux/fs.h, `struct file_operations`.

#![allow(unsafe_code, reason = "the C edge of files in debugfs")]

use core::ffi::{c_char, c_int, c_void};
use core::fmt;
use core::marker::PhantomData;

use koxide_abi::DebugfsOps;
use koxide_abi::types::{file, inode, seq_file};

use super::operations::{Read, Write};
use crate::entry::{Module, callback, enter};
use crate::error::from_result;
use crate::fs::table::answer;
use crate::seq_file::{SeqFile, data_of};
use crate::table::define_table;
use crate::uaccess::{UserPtr, UserSlice};

/// The `struct file_operations` of files that are read and written in two ways.
pub(super) fn file_operations<R: Read, W: Write<Data = R::Data>>() -> *const c_void {
    define_table! {
        kind: "debugfs_ops",
        row: DebugfsOps,
        rows: 1,
        getter: operations::<R, W>,
    }
}

/// The operations that such files have.
fn operations<R: Read, W: Write<Data = R::Data>>() -> *const c_void {
    (&raw const *Table::<R, W>::TABLE).cast()
}

/// A constant for each pair.
struct Table<R, W>(PhantomData<(R, W)>);

impl<R: Read, W: Write<Data = R::Data>> Table<R, W> {
    const TABLE: &'static DebugfsOps = &DebugfsOps {
        open: if R::SHOWS { Some(open::<R>) } else { None },
        read: if R::READS { Some(read::<R>) } else { None },
        write: if W::MODE != 0 { Some(write::<W>) } else { None },
    };
}

/// `open` of a file of text.
///
/// # Safety
///
/// The kernel calls it, for a file whose data is an `R::Data`.
unsafe extern "C" fn open<R: Read>(inode: *mut inode, file: *mut file) -> c_int {
    enter(callback::OPEN, Module, || {
        // SAFETY: this is an operation of the file.
        let data = unsafe { koxide_abi::kx_inode_private(inode) };
        // SAFETY: this is the file's `open`. The data lives until the file is removed, after which the kernel calls `release`
        // only, which does not use it.
        unsafe { koxide_abi::kx_single_open(file, show::<R>, data) }
    })
}

/// The `show` of the seq file.
///
/// # Safety
///
/// The kernel calls it, for a file that [`open`] opened.
unsafe extern "C" fn show<R: Read>(m: *mut seq_file, _unused: *mut c_void) -> c_int {
    enter(callback::SEQ_SHOW, Module, || {
        // SAFETY: `open` gave it a pointer to an `R::Data`, which lives until no operation is under way.
        let data: &R::Data = unsafe { data_of(m) };
        // SAFETY: this is its `show`, and it has the seq file to itself.
        let m = unsafe { SeqFile::from_raw(m) };
        m.call_printf(format_args!("{}", Shown::<R>(data)));
        0
    })
}

/// What can be formatted as the file says.
struct Shown<'a, R: Read>(&'a R::Data);

impl<R: Read> fmt::Display for Shown<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        R::show(self.0, f)
    }
}

/// `read` of a file of bytes.
///
/// # Safety
///
/// The kernel calls it, for a file whose data is an `R::Data`; `pos` is the operation's own.
unsafe extern "C" fn read<R: Read>(
    file: *mut file,
    buffer: *mut c_char,
    len: usize,
    pos: *mut i64,
) -> isize {
    enter(callback::READ, Module, || {
        // SAFETY: the file's data is an `R::Data`, which lives until no operation is under way.
        let data: &R::Data = unsafe { data_of_file(file) };
        // SAFETY: the position is there during the call, and nobody else uses it.
        let pos = unsafe { &mut *pos };
        let mut to = UserSlice::new(UserPtr::from_addr(buffer.addr()), len).writer();
        from_result(|| answer(R::read(data, &mut to, pos), len))
    })
}

/// `write`.
///
/// # Safety
///
/// The kernel calls it, for a file whose data is a `W::Data`; `pos` is the operation's own.
unsafe extern "C" fn write<W: Write>(
    file: *mut file,
    buffer: *const c_char,
    len: usize,
    pos: *mut i64,
) -> isize {
    enter(callback::WRITE, Module, || {
        // SAFETY: the file's data is a `W::Data`, which lives until no operation is under way.
        let data: &W::Data = unsafe { data_of_file(file) };
        // SAFETY: the position is there during the call, and nobody else uses it.
        let pos = unsafe { &mut *pos };
        let mut from = UserSlice::new(UserPtr::from_addr(buffer.addr()), len).reader();
        from_result(|| answer(W::write(data, &mut from, pos), len))
    })
}

/// The data that a file was made with.
///
/// # Safety
///
/// An operation of the file is under way, it was made with a `T`, and that lives during `'a`.
unsafe fn data_of_file<'a, T>(file: *mut file) -> &'a T {
    // SAFETY: the caller has a reference to the file.
    let inode = unsafe { koxide_abi::kx_file_inode(file) };
    // SAFETY: an operation of the file is under way.
    let data = unsafe { koxide_abi::kx_inode_private(inode) };
    // SAFETY: the caller promises that it is a `T` that lives long enough.
    unsafe { &*data.cast::<T>() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code::EIO;

    #[test]
    fn an_operation_says_only_what_the_kernel_can_believe() {
        assert_eq!(answer(Ok(4), 4), Ok(4));
        assert_eq!(answer(Ok(5), 4), Err(EIO));
    }
}
