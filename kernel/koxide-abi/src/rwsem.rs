// SPDX-License-Identifier: GPL-2.0-only

//! Sleeping locks of readers and writers: include/linux/rwsem.h.

use core::ffi::{c_int, c_void};

use crate::lockdep::LockClass;

#[cfg(not(target_os = "none"))]
use crate::host::rwlock as twin;

rooms! {
    /// Bytes reserved for a `struct rw_semaphore`, PREEMPT_RT's included; `shims/rwsem.c` checks that the target's fits.
    pub const RW_SEMAPHORE_ROOM: usize = 48;
}

/// Room for a `struct rw_semaphore`.
#[repr(C, align(8))]
pub struct RwSemaphore(pub [u8; RW_SEMAPHORE_ROOM]);

shims! {
    /// Makes one that nobody holds.
    ///
    /// # Safety
    ///
    /// `lock` points at room of the size and alignment of [`RwSemaphore`] that nothing else uses and that does not move from
    /// now on; `class` is as [`LockClass::new`] says.
    #[host(twin::init)]
    pub fn kx_init_rwsem(lock: *mut c_void, class: LockClass);

    /// Locks for reading; sleeps while somebody writes.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_init_rwsem`]. Process context.
    #[host(twin::down_read)]
    pub fn kx_down_read(lock: *mut c_void);

    /// Locks for reading when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_init_rwsem`].
    #[host(twin::try_down_read)]
    pub fn kx_down_read_trylock(lock: *mut c_void) -> c_int;

    /// Ends reading.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock` for reading.
    #[host(twin::up_read)]
    pub fn kx_up_read(lock: *mut c_void);

    /// Locks for writing; sleeps while somebody reads or writes.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_init_rwsem`]. Process context.
    #[host(twin::down_write)]
    pub fn kx_down_write(lock: *mut c_void);

    /// Locks for writing when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_init_rwsem`].
    #[host(twin::try_down_write)]
    pub fn kx_down_write_trylock(lock: *mut c_void) -> c_int;

    /// Ends writing.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock` for writing.
    #[host(twin::up_write)]
    pub fn kx_up_write(lock: *mut c_void);

    /// Locks for reading, 0, or gives up when a signal comes, a negative errno.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_init_rwsem`]. Process context.
    #[host(twin::down_read_unless_signalled)]
    pub fn kx_down_read_interruptible(lock: *mut c_void) -> c_int;

    /// Locks for writing, 0, or gives up when the thread is to die, a negative errno.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_init_rwsem`]. Process context.
    #[host(twin::down_write_unless_signalled)]
    pub fn kx_down_write_killable(lock: *mut c_void) -> c_int;

    /// Goes on reading what it wrote.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock` for writing.
    #[host(twin::downgrade)]
    pub fn kx_downgrade_write(lock: *mut c_void);
}
