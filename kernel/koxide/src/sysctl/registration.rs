// SPDX-License-Identifier: GPL-2.0-only

//! A table that is in `/proc/sys`: fs/proc/proc_sysctl.c.

#![allow(unsafe_code, reason = "the C edge of tables in /proc/sys")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr::NonNull;

use koxide_abi::SysctlTable;
use koxide_abi::types::ctl_table_header;

use super::{Entry, Table, entry::is_name};
use crate::entry::enter;
use crate::error::{
    Result,
    code::{EINVAL, ENOMEM},
};
use crate::module;
use crate::table::define_table;

/// A table in `/proc/sys`, until this is dropped.
///
/// Dropping it waits for reads and writes under way. A file that is open then is `ENOENT` from there on.
///
/// # Invariants
///
/// `header` is that of a table that is registered.
pub struct Registration<T> {
    header: NonNull<ctl_table_header>,
    _table: PhantomData<fn() -> T>,
}

// SAFETY: any thread may unregister the table.
unsafe impl<T> Send for Registration<T> {}
// SAFETY: nothing can be done with a shared registration.
unsafe impl<T> Sync for Registration<T> {}

impl<T: Table> Registration<T> {
    /// Makes the table's files.
    ///
    /// # Errors
    ///
    /// `EINVAL` for names that are no names of files, or permission bits other than `0o666`. `ENOMEM` when there is no memory,
    /// or the kernel does not like the table: a name is taken, or is used twice; the log then says so.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new() -> Result<Self> {
        let mut folders = T::PATH.to_bytes().split(|byte| *byte == b'/');
        if !folders.all(is_name) || !T::ENTRIES.iter().all(Entry::is_good) || T::ENTRIES.is_empty()
        {
            return Err(EINVAL);
        }
        // SAFETY: the path lives for ever, and so does the table, which was filled before the module's init.
        let header = unsafe {
            koxide_abi::kx_sysctl_register(T::PATH.as_ptr(), ctl_table::<T>(), T::ENTRIES.len())
        };
        let header = NonNull::new(header).ok_or(ENOMEM)?;
        module::registered();
        // INVARIANT: it was just registered.
        Ok(Self {
            header,
            _table: PhantomData,
        })
    }
}

impl<T> Drop for Registration<T> {
    fn drop(&mut self) {
        // SAFETY: by the invariant it is registered.
        unsafe { koxide_abi::kx_sysctl_unregister(self.header.as_ptr()) };
        module::unregistered();
    }
}

/// The array of `struct ctl_table` of a table.
#[inline(never)]
fn ctl_table<T: Table>() -> *const c_void {
    define_table! {
        size: koxide_abi::SYSCTL_ENTRY_ROOM * (T::ENTRIES.len() + 1),
        getter: entries::<T>,
        fill: koxide_abi::kx_sysctl_fill,
    }
}

/// The entries of a table.
extern "C" fn entries<T: Table>() -> *const c_void {
    enter(core::ptr::null(), || {
        (&raw const *Entries::<T>::TABLE).cast()
    })
}

/// A constant for each table.
struct Entries<T>(T);

impl<T: Table> Entries<T> {
    const TABLE: &'static SysctlTable = &SysctlTable {
        entries: T::ENTRIES.as_ptr().cast(),
        len: T::ENTRIES.len(),
    };
}
