// SPDX-License-Identifier: GPL-2.0-only

//! The module itself.

use core::ffi::c_int;

/// Twin of `kx_module_free_retired`: the twins retire nothing.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn free_retired() {}

/// Twin of `kx_module_wait_unused`: a test opens nothing before the module is loaded.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn wait_unused() {}

/// Twin of `kx_module_loading`: nobody waits here, so that nobody need know.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn loading() -> c_int {
    0
}

/// Twin of `kx_module_leaked`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn leaked() {
    panic!("a registration was leaked: the module cannot be unloaded");
}
