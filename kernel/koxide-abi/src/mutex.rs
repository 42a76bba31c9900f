// SPDX-License-Identifier: GPL-2.0-only

//! Mutexes: include/linux/mutex.h.

use core::ffi::{c_int, c_void};

use crate::lockdep::LockClass;

#[cfg(not(target_os = "none"))]
use crate::host::lock as twin;

rooms! {
    /// Bytes reserved for a `struct mutex`, PREEMPT_RT's included; `shims/mutex.c` checks that the target's fits.
    pub const MUTEX_ROOM: usize = 32;
}

/// Room for a `struct mutex`.
#[repr(C, align(8))]
pub struct Mutex(pub [u8; MUTEX_ROOM]);

shims! {
    /// Makes a mutex, unlocked.
    ///
    /// # Safety
    ///
    /// `lock` points at room of the size and alignment of [`Mutex`] that nothing else uses and that does not move
    /// from now on; `class` is as [`LockClass::new`] says.
    #[host(twin::init)]
    pub fn kx_mutex_init(lock: *mut c_void, class: LockClass);

    /// Locks; sleeps until the mutex is free.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_mutex_init`]. Process context.
    #[host(twin::mutex_lock)]
    pub fn kx_mutex_lock(lock: *mut c_void);

    /// Locks when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_mutex_init`]. Process context.
    #[host(twin::mutex_trylock)]
    pub fn kx_mutex_trylock(lock: *mut c_void) -> c_int;

    /// Unlocks.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock`.
    #[host(twin::mutex_unlock)]
    pub fn kx_mutex_unlock(lock: *mut c_void);
}
