// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel's functions return.

#![allow(unsafe_code, reason = "tells the compiler what shims promise")]

use core::ffi::c_int;
use core::ptr::NonNull;

use super::{Error, MAX_ERRNO, Result, to_result};

/// As [`to_result`], for a number that cannot be anything else: it need not be looked at.
///
/// # Safety
///
/// It is 0 or a negative errno.
#[inline]
pub(crate) unsafe fn of_kernel(returned: c_int) -> Result {
    // SAFETY: as the caller promises.
    unsafe { core::hint::assert_unchecked((-MAX_ERRNO..=0).contains(&returned)) };
    to_result(returned)
}

/// What a function gave that says an error as an address: `IS_ERR` of include/linux/err.h.
///
/// # Safety
///
/// It is an address, or such an error; it is not null.
#[inline]
pub(crate) unsafe fn not_err_ptr<T>(returned: *mut T) -> Result<NonNull<T>> {
    let errno = returned.addr().cast_signed();
    if (-(MAX_ERRNO as isize)..0).contains(&errno) {
        return Err(Error::from_errno(errno as c_int));
    }
    // SAFETY: the caller says so.
    Ok(unsafe { NonNull::new_unchecked(returned) })
}
