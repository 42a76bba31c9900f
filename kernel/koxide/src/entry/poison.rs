// SPDX-License-Identifier: GPL-2.0-only

//! What is not entered any more, since something panicked there.
//!
//! A module remembers it in one word, so that a call costs a comparison as long as nothing has panicked. It is set when
//! a panic is on its way up, before it drops anything: who gets a lock that this releases was there before, as one on another
//! processor may be, and nobody comes after.

#![allow(
    unsafe_code,
    reason = "a static with two names, and the device of a file"
)]

use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, Ordering};

use koxide_abi::types::{file, kiocb};

use super::Scope;
use super::callback::Words;
use crate::error::{Result, of_kernel};
use crate::module::{OnPanic, restart};

/// How many panics are under way, and the flags below.
static STATE: AtomicU32 = AtomicU32::new(0);

/// The module is poisoned.
const MODULE: u32 = 1 << 31;
/// Devices are.
const DEVICES: u32 = 1 << 30;
/// The module was set up again.
const RENEWED: u32 = 1 << 29;
/// Panics for devices that have not reached the border.
const UNDER_WAY: u32 = RENEWED - 1;

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

/// Whether the device of a file is poisoned, or may be in a moment. It leaves registers as they were, so that who calls it keeps nothing
/// elsewhere for the case that it does.
#[inline(never)]
#[cold]
#[optimize(size)]
pub(super) extern "rust-cold" fn of_device(file: *mut file) -> bool {
    let state = STATE.load(Ordering::Acquire);
    if state & (MODULE | UNDER_WAY) != 0 {
        return true;
    }
    let number = number(file);
    let is = |poisoned: &AtomicU32| poisoned.load(Ordering::Relaxed) == number;
    POISONED.iter().any(is)
}

/// The number of a file's device.
fn number(file: *mut file) -> u32 {
    // SAFETY: the caller of an operation has a reference to the file.
    let inode = unsafe { koxide_abi::kx_file_inode(file) };
    // SAFETY: and the file one to its inode.
    unsafe { koxide_abi::kx_inode_rdev(inode) }
}

/// The file of a request.
#[cold]
pub(super) fn file_of(kiocb: *mut kiocb) -> *mut file {
    // SAFETY: the operation is under way during the call.
    unsafe { koxide_abi::kx_kiocb_file(kiocb) }
}

unsafe extern "C" {
    /// [`STATE`], under a name that the optimiser does not know: the build makes it one.
    ///
    /// The way up is always there when the optimiser looks. If it knew that this writes to `STATE`, each call would compare that. So it
    /// sees what borders write, which are gone where nothing behind them panics, and with them the comparisons.
    static kx_poison_state: AtomicU32;
}

/// A panic has found its border, and drops nothing yet.
pub(crate) fn begins(for_device: bool, for_module: bool) {
    let state = &raw const kx_poison_state;
    // SAFETY: it is `STATE`.
    let state = unsafe { &*state };
    if for_module {
        state.fetch_or(MODULE, Ordering::Relaxed);
    } else if for_device {
        state.fetch_add(1, Ordering::Relaxed);
    }
}

/// A panic is over that was in a call for the module. Borders that refer to this function are known by it.
#[inline(never)]
#[cold]
#[optimize(size)]
pub(super) fn module_panicked(message: u64, words: &'static Words) {
    // It is set already, but that was not seen.
    STATE.fetch_or(MODULE, Ordering::Relaxed);
    tell(message, words, c"module");
    restart::ask();
}

/// The same for a device.
#[inline(never)]
#[cold]
#[optimize(size)]
pub(super) fn device_panicked(message: u64, words: &'static Words, file: *mut file) {
    let number = number(file);
    let take = |place: &AtomicU32| {
        let taken = place.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok() || taken == Err(number)
    };
    let (what, flag) = if is_of_before(file) {
        (c"nothing", 0)
    } else if number != 0 && POISONED.iter().any(take) {
        (c"device", DEVICES)
    } else {
        (c"module", MODULE)
    };
    STATE.fetch_or(flag, Ordering::Relaxed);
    STATE.fetch_sub(1, Ordering::Release);
    tell(message, words, what);
    restart::ask();
}

/// Writes to the log what was contained.
fn tell(message: u64, words: &Words, poisoned: &CStr) {
    crate::unwind::contained(message, words, poisoned);
}

/// Whether something is poisoned; in one order with [`all`] for all threads.
pub(crate) fn is_anything() -> bool {
    // The flag of a device may have been taken away with those of the instance before.
    let is = |poisoned: &AtomicU32| poisoned.load(Ordering::Relaxed) != 0;
    STATE.load(Ordering::SeqCst) & (MODULE | DEVICES) != 0 || POISONED.iter().any(is)
}

/// Whether the module is poisoned; in one order with [`all`] for all threads.
pub(crate) fn is_module() -> bool {
    STATE.load(Ordering::SeqCst) & MODULE != 0
}

/// Poisons the module, though nothing panicked at this moment.
pub(crate) fn all() {
    STATE.fetch_or(MODULE, Ordering::SeqCst);
}

/// Takes the poison away, since what it was for is gone. Files that are open belong to that.
///
/// A panic for a file that is under way at this moment may poison a device of the new instance, which is then set up once more.
pub(crate) fn renew() {
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_files_forget() };
    for poisoned in &POISONED {
        poisoned.store(0, Ordering::Relaxed);
    }
    STATE.fetch_or(RENEWED, Ordering::Relaxed);
    // Panics that are under way count down when they are over.
    STATE.fetch_and(RENEWED | UNDER_WAY, Ordering::Release);
}

/// Whether a file was opened before the module was set up again: nobody calls the driver for it any more, but to close it.
#[inline(always)]
pub(super) fn is_of_before(file: *mut file) -> bool {
    OnPanic::Restart.is_chosen() && is_forgotten(file)
}

#[cold]
fn is_forgotten(file: *mut file) -> bool {
    // SAFETY: there is no contract.
    let is_remembered = || unsafe { koxide_abi::kx_file_is_remembered(file) } != 0;
    STATE.load(Ordering::Relaxed) & RENEWED != 0 && !is_remembered()
}

/// Remembers a file that is being opened, if that may be after the module was set up again.
///
/// The order counts: after the question whether its device is poisoned, and before the driver is asked for the device. A file for
/// which that question was asked before the poison was taken away is either remembered before [`renew`] forgets it, or finds
/// no device, since all were unregistered before that.
#[inline(always)]
pub(super) fn remember(file: *mut file) -> Result {
    if OnPanic::Restart.is_chosen() && STATE.load(Ordering::Relaxed) != 0 {
        // SAFETY: the file is being opened; its `release` forgets it, and so does its `open` if it fails.
        let remembered = unsafe { koxide_abi::kx_file_remember(file) };
        // SAFETY: it is the shim's, which says 0 or a negative errno.
        return unsafe { of_kernel(remembered) };
    }
    Ok(())
}

/// Forgets a file that is closed.
#[inline(always)]
pub(super) fn forget(file: *mut file) {
    if OnPanic::Restart.is_chosen() && STATE.load(Ordering::Relaxed) != 0 {
        // SAFETY: there is no contract.
        unsafe { koxide_abi::kx_file_forget(file) };
    }
}
