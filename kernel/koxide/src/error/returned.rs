// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel's functions return.

#![allow(unsafe_code, reason = "tells the compiler what shims promise")]

use core::ffi::c_int;

use super::{MAX_ERRNO, Result, to_result};

/// As [`to_result`], for a number that cannot be anything else: it need not be looked at.
///
/// # Safety
///
/// It is 0 or a negative errno.
#[inline]
pub(crate) unsafe fn of_kernel(returned: c_int) -> Result {
    // SAFETY: as the caller promises.
    unsafe { core::hint::assert_unchecked(-MAX_ERRNO <= returned && returned <= 0) };
    to_result(returned)
}
