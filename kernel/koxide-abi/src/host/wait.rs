// SPDX-License-Identifier: GPL-2.0-only

//! Wait queues that nobody waits in: there is no scheduler here to sleep with.

use core::ffi::{c_int, c_void};

use crate::{LockClass, WaitQueueHead};

/// Twin of `kx_init_waitqueue_head`.
///
/// # Safety
///
/// As for `kx_init_waitqueue_head`.
pub(crate) unsafe fn init(head: *mut c_void, _class: LockClass) {
    // SAFETY: the room is the caller's to initialise.
    unsafe { head.cast::<WaitQueueHead>().write_bytes(0, 1) };
}

/// Twin of `kx_wake_up`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn wake(_head: *mut c_void, _exclusive: c_int) {}

/// Twin of what else wakes a queue.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn nobody(_head: *mut c_void) {}
