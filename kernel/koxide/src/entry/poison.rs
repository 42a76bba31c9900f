// SPDX-License-Identifier: GPL-2.0-only

//! What is not entered any more, since something panicked there.
//!
//! A module remembers it in one word, so that a call costs a comparison as long as nothing has panicked. It is set when
//! a panic is on its way up, before it drops anything: who gets a lock that this releases was there before, as one on another
//! processor may be, and nobody comes after.

#![allow(unsafe_code, reason = "functions that the build knows by their names")]

use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, Ordering};

use koxide_abi::types::{file, kiocb};

use super::Scope;
use super::callback::Words;

/// How many panics are under way, and the two below.
static STATE: AtomicU32 = AtomicU32::new(0);

/// The module is poisoned.
const MODULE: u32 = 1 << 31;
/// Devices are.
const DEVICES: u32 = 1 << 30;
/// Panics for devices that have not reached the border.
const UNDER_WAY: u32 = DEVICES - 1;

/// The numbers of the devices that are poisoned. When there is no more room, the module is.
static POISONED: [AtomicU32; 8] = [const { AtomicU32::new(0) }; 8];

/// Whether a call for this is refused.
#[inline(always)]
pub(super) fn refuses<S: Scope>(scope: S) -> bool {
    S::IS_ASKED && STATE.load(Ordering::Relaxed) != 0 && scope.is_poisoned()
}

/// Whether the module is poisoned.
#[cold]
pub(super) fn of_module() -> bool {
    STATE.load(Ordering::Relaxed) & MODULE != 0
}

/// Whether the device of a file is poisoned, or may be in a moment.
#[cold]
pub(super) fn of_device(file: *mut file) -> bool {
    let state = STATE.load(Ordering::Acquire);
    if state & (MODULE | UNDER_WAY) != 0 {
        return true;
    }
    // SAFETY: the caller of an operation has a reference to the file.
    let number = unsafe { koxide_abi::kx_file_rdev(file) };
    let is = |poisoned: &AtomicU32| poisoned.load(Ordering::Relaxed) == number;
    POISONED.iter().any(is)
}

/// The file of a request.
#[cold]
pub(super) fn file_of(kiocb: *mut kiocb) -> *mut file {
    // SAFETY: the operation is under way during the call.
    unsafe { koxide_abi::kx_kiocb_file(kiocb) }
}

/// A panic has found its border, and drops nothing yet.
pub(crate) fn begins(for_device: bool, for_module: bool) {
    if for_module {
        STATE.fetch_or(MODULE, Ordering::Relaxed);
    } else if for_device {
        STATE.fetch_add(1, Ordering::Relaxed);
    }
}

/// A panic is over that was in a call for the module. Borders that refer to this function are known by it.
#[unsafe(no_mangle)]
#[inline(never)]
#[cold]
#[optimize(size)]
pub(super) fn kx_module_panicked(message: u64, words: &'static Words) {
    tell(message, words, c"module");
}

/// The same for a device.
#[unsafe(no_mangle)]
#[inline(never)]
#[cold]
#[optimize(size)]
pub(super) fn kx_device_panicked(message: u64, words: &'static Words, file: *mut file) {
    // SAFETY: the caller of an operation has a reference to the file.
    let number = unsafe { koxide_abi::kx_file_rdev(file) };
    let take = |place: &AtomicU32| {
        let taken = place.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok() || taken == Err(number)
    };
    let (what, flag) = if number != 0 && POISONED.iter().any(take) {
        (c"device", DEVICES)
    } else {
        (c"module", MODULE)
    };
    STATE.fetch_or(flag, Ordering::Relaxed);
    STATE.fetch_sub(1, Ordering::Release);
    tell(message, words, what);
}

/// Writes to the log what was contained.
fn tell(message: u64, words: &Words, poisoned: &CStr) {
    crate::unwind::message(message).contained(words.name, words.answer, poisoned);
}
