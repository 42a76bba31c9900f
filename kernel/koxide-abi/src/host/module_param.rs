// SPDX-License-Identifier: GPL-2.0-only

//! Module parameters: on the host nobody changes them.

/// Twin of `kx_params_lock`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn lock() {}

/// Twin of `kx_params_unlock`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn unlock() {}
