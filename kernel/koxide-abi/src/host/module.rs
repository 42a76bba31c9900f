// SPDX-License-Identifier: GPL-2.0-only

//! The module itself.

/// Twin of `kx_abi_1`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn abi() {}

/// Twin of `kx_module_wait_unused`: a test opens nothing before the module is loaded.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn wait_unused() {}
