// SPDX-License-Identifier: GPL-2.0-only

//! A table that is in `/proc/sys`: fs/proc/proc_sysctl.c.

#![allow(unsafe_code, reason = "the C edge of tables in /proc/sys")]

use core::ffi::c_void;
use core::marker::PhantomData;
use core::ptr::NonNull;

use koxide_abi::SysctlEntry;
use koxide_abi::types::ctl_table_header;

use super::{
    Table,
    entry::{are_good, is_path},
};
use crate::error::{Result, code::EINVAL, not_err_ptr};
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
    /// `EINVAL` for names that are no names of files or are used twice in the table, or permission bits other than `0o666`.
    /// `EEXIST` when a name is taken, also by this very table. `EBUSY` while another thread of the module registers a table.
    /// `ENODEV` where `/proc` is not mounted for who loads the module, so that nobody can tell. `ENOMEM` when there is no
    /// memory, or the kernel does not like the table; the log then says so.
    ///
    /// Who else takes one of the names at this very moment, in another module, may bring the kernel to lose all other
    /// settings of that folder: fs/proc/proc_sysctl.c undoes more than it did.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn new() -> Result<Self> {
        if !const { is_path(T::PATH.to_bytes()) && are_good(T::ENTRIES) } {
            return Err(EINVAL);
        }
        // SAFETY: the path and the table live for ever, and the table is not empty.
        let header = unsafe {
            koxide_abi::kx_sysctl_register(T::PATH.as_ptr(), ctl_table::<T>(), T::ENTRIES.len())
        };
        // SAFETY: it is the shim's, which says so.
        let header = unsafe { not_err_ptr(header) }?;
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
fn ctl_table<T: Table>() -> *const c_void {
    define_table! {
        kind: "sysctl_entry",
        row: SysctlEntry,
        rows: T::ENTRIES.len(),
        getter: entries::<T>,
    }
}

/// The entries of a table.
fn entries<T: Table>() -> *const c_void {
    T::ENTRIES.as_ptr().cast()
}
