// SPDX-License-Identifier: GPL-2.0-only

//! The functions that the kernel calls for a file in `/proc`: `struct proc_ops`.

#![allow(unsafe_code, reason = "the C edge of files in /proc")]

use core::ffi::{c_char, c_int, c_void};

use koxide_abi::ProcOps;
use koxide_abi::types::{file, inode, seq_file};

use super::Operations;
use crate::entry::{Module, callback, enter};
use crate::error::from_result;
use crate::fs;
use crate::seq_file::{SeqFile, answer, data_of};
use crate::table::define_table;
use crate::uaccess::{UserPtr, UserSlice};

/// The `struct proc_ops` of a type's files.
pub(super) fn proc_ops<T: Operations>() -> *const c_void {
    define_table! {
        kind: "proc_ops",
        row: ProcOps,
        rows: 1,
        getter: operations::<T>,
    }
}

/// The operations that a type has.
fn operations<T: Operations>() -> *const c_void {
    (&raw const *Table::<T>::TABLE).cast()
}

/// A constant for each type.
struct Table<T>(T);

impl<T: Operations> Table<T> {
    const TABLE: &'static ProcOps = &ProcOps {
        open: if T::HAS_SHOW { Some(open::<T>) } else { None },
        write: if T::HAS_WRITE { Some(write::<T>) } else { None },
    };
}

/// `proc_open`.
///
/// # Safety
///
/// The kernel calls it, for a file whose data is a `T`.
unsafe extern "C" fn open<T: Operations>(inode: *mut inode, file: *mut file) -> c_int {
    enter(callback::OPEN, Module, || {
        // SAFETY: this is an operation of the file.
        let data = unsafe { koxide_abi::kx_pde_data(inode) };
        // SAFETY: this is the file's `open`. The data lives until the file is removed, and by then it has been released.
        unsafe { koxide_abi::kx_single_open(file, show::<T>, data) }
    })
}

/// The `show` of the seq file.
///
/// # Safety
///
/// The kernel calls it, for a file that [`open`] opened.
unsafe extern "C" fn show<T: Operations>(m: *mut seq_file, _unused: *mut c_void) -> c_int {
    enter(callback::SEQ_SHOW, Module, || {
        // SAFETY: `open` gave it a pointer to a `T`, which lives until no operation is under way.
        let data: &T = unsafe { data_of(m) };
        // SAFETY: this is its `show`, and it has the seq file to itself.
        let m = unsafe { SeqFile::from_raw(m) };
        answer(data.show(m))
    })
}

/// `proc_write`.
///
/// # Safety
///
/// The kernel calls it, for a file whose data is a `T`.
unsafe extern "C" fn write<T: Operations>(
    file: *mut file,
    buffer: *const c_char,
    len: usize,
    _pos: *mut i64,
) -> isize {
    enter(callback::WRITE, Module, || {
        // SAFETY: the caller has a reference to the file.
        let inode = unsafe { koxide_abi::kx_file_inode(file) };
        // SAFETY: this is an operation of the file.
        let data = unsafe { koxide_abi::kx_pde_data(inode) };
        // SAFETY: the data is a `T`, which lives until no operation is under way.
        let data = unsafe { &*data.cast::<T>() };
        let buffer = UserPtr::from_addr(buffer.addr());
        from_result(|| {
            let written = data.write(&mut UserSlice::new(buffer, len).reader());
            fs::table::answer(written.map(|()| len), len)
        })
    })
}
