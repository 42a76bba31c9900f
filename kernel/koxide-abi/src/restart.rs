// SPDX-License-Identifier: GPL-2.0-only

//! Setting a module up again after a panic: include/linux/workqueue.h.

use core::ffi::{c_char, c_int, c_void};

use crate::types::file;

shims! {
    /// From now on [`kx_restart_queue`] has `run` called with `module`, by a thread of the kernel's. Process context.
    ///
    /// # Safety
    ///
    /// `run` may be called with `module` until [`kx_restart_stop`] returns. Called once.
    pub fn kx_restart_start(run: unsafe extern "C" fn(module: *mut c_void), module: *mut c_void);

    /// Has what [`kx_restart_start`] was given be called in a moment, once more if it is under way; nothing before that and after
    /// [`kx_restart_stop`]. Any context but that of an NMI.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_restart_queue();

    /// Ends that: waits for it if it is under way. Sleeps.
    ///
    /// # Safety
    ///
    /// None. Process context, and not within that call.
    pub fn kx_restart_stop();

    /// Counts one more time that the module is set up again: how many there were in the last minute, or 0 if it must not be, which
    /// the log says. Process context.
    ///
    /// # Safety
    ///
    /// Called by what [`kx_restart_start`] was given.
    pub fn kx_restart_begin() -> u32;

    /// Writes to the log that the module was set up again, and counts it for user space. Process context.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_restart_done(number: u32);

    /// Writes to the log that the module could not be set up again, why, and with which negative errno. Process context.
    ///
    /// # Safety
    ///
    /// `why` is a C string.
    pub fn kx_restart_failed(why: *const c_char, errno: c_int);

    /// Remembers a file, until it is forgotten: 0, or `-ENOMEM`. Sleeps.
    ///
    /// # Safety
    ///
    /// Called by the file's `open`. It is forgotten before it is gone.
    pub fn kx_file_remember(file: *mut file) -> c_int;

    /// Forgets a file, if it is remembered. Process context.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_file_forget(file: *mut file);

    /// 1 if a file is remembered, else 0. Process context.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_file_is_remembered(file: *mut file) -> c_int;

    /// Forgets all files. Process context.
    ///
    /// # Safety
    ///
    /// None.
    pub fn kx_files_forget();
}
