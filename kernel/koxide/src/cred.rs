// SPDX-License-Identifier: GPL-2.0-only

//! Credentials: include/linux/cred.h.

#![allow(unsafe_code, reason = "the C edge of credentials")]

use core::ptr::NonNull;

use crate::sync::aref::AlwaysRefCounted;
use crate::task::Kuid;
use crate::types::Opaque;

/// Who somebody is and what they may do.
///
/// # Invariants
///
/// This is a `struct cred` of the kernel.
#[repr(transparent)]
pub struct Credential(Opaque<koxide_abi::types::cred>);

// SAFETY: any thread may give back a reference.
unsafe impl Send for Credential {}
// SAFETY: credentials in use are not changed.
unsafe impl Sync for Credential {}

impl Credential {
    /// The credentials at an address.
    ///
    /// # Safety
    ///
    /// During `'a` there is a reference to them.
    pub(crate) unsafe fn from_ptr<'a>(ptr: *const koxide_abi::types::cred) -> &'a Self {
        // SAFETY: the struct has the layout of its one field, and lives for `'a`.
        unsafe { &*ptr.cast() }
    }

    /// The effective user.
    pub fn euid(&self) -> Kuid {
        // SAFETY: whoever has `self` has a reference.
        Kuid::from_raw(unsafe { koxide_abi::kx_cred_euid(self.0.get()) })
    }

    /// The number of the security label, which the security module gives a meaning; 0 without one.
    pub fn get_secid(&self) -> u32 {
        // SAFETY: whoever has `self` has a reference.
        unsafe { koxide_abi::kx_cred_secid(self.0.get()) }
    }
}

// SAFETY: the kernel counts references to credentials, and does not move them.
unsafe impl AlwaysRefCounted for Credential {
    fn inc_ref(&self) {
        // SAFETY: whoever has `self` has a reference.
        unsafe { koxide_abi::kx_get_cred(self.0.get()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: the caller gives its reference back.
        unsafe { koxide_abi::kx_put_cred(obj.as_ptr().cast()) };
    }
}
