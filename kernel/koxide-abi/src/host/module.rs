// SPDX-License-Identifier: GPL-2.0-only

//! The module itself.

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
