// SPDX-License-Identifier: GPL-2.0-only

//! Boxes that pass through C.

#![allow(unsafe_code, reason = "C keeps a box as a pointer")]

use core::ffi::c_void;
use core::pin::Pin;

use super::{Allocator, Box};
use crate::types::ForeignOwnable;

// SAFETY: a box's pointer is aligned as its value, and not null.
unsafe impl<T: 'static, A: Allocator> ForeignOwnable for Box<T, A> {
    const FOREIGN_ALIGN: usize = align_of::<T>();
    type Borrowed<'a> = &'a T;
    type BorrowedMut<'a> = &'a mut T;

    fn into_foreign(self) -> *mut c_void {
        Self::into_raw(self).cast()
    }

    unsafe fn from_foreign(foreign: *mut c_void) -> Self {
        // SAFETY: `into_foreign` made it of a box that it gave up, as the caller promises.
        unsafe { Self::from_raw(foreign.cast()) }
    }

    unsafe fn borrow<'a>(foreign: *mut c_void) -> &'a T {
        // SAFETY: the value lives for `'a` and nobody borrows it mutably, as the caller promises.
        unsafe { &*foreign.cast() }
    }

    unsafe fn borrow_mut<'a>(foreign: *mut c_void) -> &'a mut T {
        // SAFETY: the value lives for `'a` and nobody else borrows it, as the caller promises.
        unsafe { &mut *foreign.cast() }
    }
}

// SAFETY: a box's pointer is aligned as its value, and not null.
unsafe impl<T: 'static, A: Allocator> ForeignOwnable for Pin<Box<T, A>> {
    const FOREIGN_ALIGN: usize = align_of::<T>();
    type Borrowed<'a> = Pin<&'a T>;
    type BorrowedMut<'a> = Pin<&'a mut T>;

    fn into_foreign(self) -> *mut c_void {
        // SAFETY: the value stays where it is: it is reached only through a pin again.
        let boxed = unsafe { Pin::into_inner_unchecked(self) };
        Box::into_raw(boxed).cast()
    }

    unsafe fn from_foreign(foreign: *mut c_void) -> Self {
        // SAFETY: `into_foreign` made it of a box that it gave up, as the caller promises.
        unsafe { Box::<T, A>::from_raw(foreign.cast()) }.into()
    }

    unsafe fn borrow<'a>(foreign: *mut c_void) -> Pin<&'a T> {
        // SAFETY: the value lives for `'a` and nobody borrows it mutably, as the caller promises.
        let value = unsafe { &*foreign.cast() };
        // SAFETY: it was pinned in its box.
        unsafe { Pin::new_unchecked(value) }
    }

    unsafe fn borrow_mut<'a>(foreign: *mut c_void) -> Pin<&'a mut T> {
        // SAFETY: the value lives for `'a` and nobody else borrows it, as the caller promises.
        let value = unsafe { &mut *foreign.cast() };
        // SAFETY: it was pinned in its box.
        unsafe { Pin::new_unchecked(value) }
    }
}
