// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters: include/linux/moduleparam.h.
//!
//! The generated C file of a driver binds each `kx_param_<name>` of the object to the `kernel_param_ops` in
//! `shims/module_param.c`.

#[cfg(not(target_os = "none"))]
use crate::host::module_param as twin;

shims! {
    /// Takes the lock under which the module's parameters change; sleeps until it is free.
    ///
    /// # Safety
    ///
    /// Process context; the thread does not hold the lock.
    #[host(twin::lock)]
    pub fn kx_params_lock();

    /// Releases the lock.
    ///
    /// # Safety
    ///
    /// The calling thread has taken it.
    #[host(twin::unlock)]
    pub fn kx_params_unlock();
}
