// SPDX-License-Identifier: GPL-2.0-only

//! Spinlocks: include/linux/spinlock.h.

use core::ffi::{c_int, c_void};

use crate::lockdep::LockClass;

#[cfg(not(target_os = "none"))]
use crate::host::lock as twin;

rooms! {
    /// Bytes reserved for a `spinlock_t`, which is a sleeping lock of 32 bytes where the kernel is built with
    /// PREEMPT_RT; `shims/spinlock.c` checks that the target's fits.
    pub const SPINLOCK_ROOM: usize = 32;
}

/// Room for a `spinlock_t`.
#[repr(C, align(8))]
pub struct SpinLock(pub [u8; SPINLOCK_ROOM]);

shims! {
    /// Makes a spinlock, unlocked.
    ///
    /// # Safety
    ///
    /// `lock` points at room of the size and alignment of [`SpinLock`] that nothing else uses and that does not
    /// move from now on; `class` is as [`LockClass::new`] says.
    #[host(twin::init)]
    pub fn kx_spin_lock_init(lock: *mut c_void, class: LockClass);

    /// Locks; spins until the lock is free. Preemption stays off while it is held.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_spin_lock_init`].
    #[host(twin::spin_lock)]
    pub fn kx_spin_lock(lock: *mut c_void);

    /// Locks when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_spin_lock_init`].
    #[host(twin::spin_trylock)]
    pub fn kx_spin_trylock(lock: *mut c_void) -> c_int;

    /// Unlocks.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock`.
    #[host(twin::spin_unlock)]
    pub fn kx_spin_unlock(lock: *mut c_void);

    /// Locks with the interrupts of this CPU kept away, where spinlocks are held without sleeping at all; spins until the
    /// lock is free.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_spin_lock_init`]. Not in NMIs.
    #[host(twin::spin_lock)]
    pub fn kx_spin_lock_irq_disable(lock: *mut c_void);

    /// As [`kx_spin_lock_irq_disable`] when that is possible at once; 1 when it was.
    ///
    /// # Safety
    ///
    /// `lock` was made by [`kx_spin_lock_init`]. Not in NMIs.
    #[host(twin::spin_trylock)]
    pub fn kx_spin_trylock_irq_disable(lock: *mut c_void) -> c_int;

    /// Unlocks, and lets interrupts come when nothing else keeps them away.
    ///
    /// # Safety
    ///
    /// The calling thread has locked `lock` with [`kx_spin_lock_irq_disable`].
    #[host(twin::spin_unlock)]
    pub fn kx_spin_unlock_irq_enable(lock: *mut c_void);
}
