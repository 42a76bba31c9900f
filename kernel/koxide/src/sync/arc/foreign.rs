// SPDX-License-Identifier: GPL-2.0-only

//! Owners that pass through C.

#![allow(unsafe_code, reason = "C keeps an owner as a pointer")]

use core::ffi::c_void;

use super::{Arc, ArcBorrow};
use crate::types::ForeignOwnable;

// SAFETY: the pointer is that of the value: aligned as it, and not null.
unsafe impl<T: 'static> ForeignOwnable for Arc<T> {
    const FOREIGN_ALIGN: usize = align_of::<T>();
    type Borrowed<'a> = ArcBorrow<'a, T>;
    // Other owners share the value, so that nobody borrows it exclusively.
    type BorrowedMut<'a> = ArcBorrow<'a, T>;

    fn into_foreign(self) -> *mut c_void {
        self.into_raw().cast_mut().cast()
    }

    unsafe fn from_foreign(foreign: *mut c_void) -> Self {
        // SAFETY: `into_foreign` made it of an owner that was given up, as the caller promises.
        unsafe { Self::from_raw(foreign.cast()) }
    }

    unsafe fn borrow<'a>(foreign: *mut c_void) -> ArcBorrow<'a, T> {
        // SAFETY: `into_foreign` got it from `into_raw`; the owner that was given up is not taken back during `'a`, as the
        // caller promises, and as long as it counts there is no `UniqueArc`.
        unsafe { ArcBorrow::from_raw(foreign.cast()) }
    }

    unsafe fn borrow_mut<'a>(foreign: *mut c_void) -> ArcBorrow<'a, T> {
        // SAFETY: the contract implies that of `borrow`.
        unsafe { <Self as ForeignOwnable>::borrow(foreign) }
    }
}
