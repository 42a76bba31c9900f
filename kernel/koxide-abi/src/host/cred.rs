// SPDX-License-Identifier: GPL-2.0-only

//! Credentials: everybody is root, unless a test says something else.

use std::sync::atomic::Ordering;

use super::machine::current;
use super::task::Task;
use crate::types::cred;

/// What stands for a `struct cred`; it lives as long as its task.
#[derive(Default)]
pub(super) struct Cred {
    pub(super) euid: u32,
}

impl Cred {
    /// Its address, as the shims take it.
    pub(super) fn as_raw(&self) -> *const cred {
        (&raw const *self).cast()
    }
}

/// Twin of `kx_get_cred`.
///
/// # Safety
///
/// As for `kx_get_cred`.
pub(crate) unsafe fn get(_cred: *const cred) {
    current().held.creds.fetch_add(1, Ordering::Relaxed);
}

/// Twin of `kx_put_cred`.
///
/// # Safety
///
/// As for `kx_put_cred`.
pub(crate) unsafe fn put(_cred: *const cred) {
    current().held.creds.fetch_sub(1, Ordering::Relaxed);
}

/// Twin of `kx_cred_euid`.
///
/// # Safety
///
/// As for `kx_cred_euid`.
pub(crate) unsafe fn euid(cred: *const cred) -> u32 {
    // SAFETY: the caller has a reference.
    unsafe { (*cred.cast::<Cred>()).euid }
}

/// Twin of `kx_cred_secid`: there is no security module.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn secid(_cred: *const cred) -> u32 {
    0
}

/// Twin of `kx_current_euid`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn current_euid() -> u32 {
    Task::current().cred.euid
}

/// Twin of `kx_from_kuid_current`: there is one user namespace.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn from_kuid(kuid: u32) -> u32 {
    kuid
}
