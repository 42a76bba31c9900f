// SPDX-License-Identifier: GPL-2.0-only

//! Read-copy-update whose readers may sleep: a count of the readers that came before and after the last grace period began.

use core::ffi::c_int;
use std::sync::{Condvar, Mutex, PoisonError};

use super::alloc::may_have;
use super::context;
use super::machine::lock;
use crate::LockClass;
use crate::types::srcu_struct;

/// What stands for a `struct srcu_struct`.
#[derive(Default)]
struct Srcu {
    readers: Mutex<Readers>,
    changed: Condvar,
    /// One grace period at a time.
    grace: Mutex<()>,
}

#[derive(Default)]
struct Readers {
    /// Where who comes now is counted.
    index: usize,
    counts: [u32; 2],
}

/// The domain at an address.
///
/// # Safety
///
/// It came from [`alloc`], and is not freed during `'a`.
unsafe fn domain<'a>(srcu: *mut srcu_struct) -> &'a Srcu {
    // SAFETY: as the caller promises.
    unsafe { &*srcu.cast() }
}

/// Twin of `kx_srcu_alloc`.
///
/// # Safety
///
/// As for `kx_srcu_alloc`.
pub(crate) unsafe fn alloc(_class: LockClass) -> *mut srcu_struct {
    if !may_have() {
        return core::ptr::null_mut();
    }
    Box::into_raw(Box::<Srcu>::default()).cast()
}

/// Twin of `kx_srcu_free`.
///
/// # Safety
///
/// As for `kx_srcu_free`.
pub(crate) unsafe fn free(srcu: *mut srcu_struct) {
    // SAFETY: `alloc` made it of a box, and nobody uses it any more.
    let srcu = unsafe { Box::from_raw(srcu.cast::<Srcu>()) };
    assert_eq!(lock(&srcu.readers).counts, [0; 2], "somebody still reads");
}

/// Twin of `kx_srcu_read_lock`.
///
/// # Safety
///
/// As for `kx_srcu_read_lock`.
pub(crate) unsafe fn read_lock(srcu: *mut srcu_struct) -> c_int {
    // SAFETY: it was not freed.
    let mut readers = lock(unsafe { &domain(srcu).readers });
    let index = readers.index;
    readers.counts[index] += 1;
    index as c_int
}

/// Twin of `kx_srcu_read_unlock`.
///
/// # Safety
///
/// As for `kx_srcu_read_unlock`.
pub(crate) unsafe fn read_unlock(srcu: *mut srcu_struct, index: c_int) {
    // SAFETY: it was not freed.
    let srcu = unsafe { domain(srcu) };
    lock(&srcu.readers).counts[index as usize] -= 1;
    srcu.changed.notify_all();
}

/// Twin of `kx_synchronize_srcu`.
///
/// # Safety
///
/// As for `kx_synchronize_srcu`.
pub(crate) unsafe fn synchronize(srcu: *mut srcu_struct) {
    context::might_sleep();
    // SAFETY: it was not freed.
    let srcu = unsafe { domain(srcu) };
    let _grace = lock(&srcu.grace);
    let mut readers = lock(&srcu.readers);
    let before = readers.index;
    readers.index = 1 - before;
    while readers.counts[before] > 0 {
        readers = srcu
            .changed
            .wait(readers)
            .unwrap_or_else(PoisonError::into_inner);
    }
}
