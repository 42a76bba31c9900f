// SPDX-License-Identifier: GPL-2.0-only

//! Credentials: include/linux/cred.h, include/linux/uidgid.h.

#[cfg(not(target_os = "none"))]
use crate::host::cred as twin;
use crate::types::cred;

shims! {
    /// Takes one more reference; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::get)]
    pub fn kx_get_cred(cred: *const cred);

    /// Gives a reference back; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference, which it no longer uses.
    #[host(twin::put)]
    pub fn kx_put_cred(cred: *const cred);

    /// The number of credentials' security label; 0 without a security module. Any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::secid)]
    pub fn kx_cred_secid(cred: *const cred) -> u32;

    /// The effective user of the running thread, as the kernel counts users.
    ///
    /// # Safety
    ///
    /// None. Process context, for the answer to mean anything.
    #[host(twin::current_euid)]
    pub fn kx_current_euid() -> u32;

    /// What a kernel user is called in the running thread's user namespace; `u32::MAX` when it has no name there.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::from_kuid)]
    pub fn kx_from_kuid_current(kuid: u32) -> u32;
}

fields! {
    /// The effective user of credentials, as the kernel counts users; any context.
    ///
    /// # Safety
    ///
    /// The caller has a reference.
    #[host(twin::euid)]
    #[field(read)]
    pub fn kx_cred_euid(cred: *const cred) -> u32;
}
