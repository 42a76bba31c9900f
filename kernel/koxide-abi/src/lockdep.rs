// SPDX-License-Identifier: GPL-2.0-only

//! Classes of locks, for kernels that check the order in which locks are taken: include/linux/lockdep.h.
//!
//! On all other kernels a class is nothing: it takes no room, and as an argument no register.

use core::ffi::{c_char, c_void};

rooms! {
    /// Bytes of a `struct lock_class_key`; `shims/module.c` checks that the target's fits.
    pub const LOCK_CLASS_KEY_ROOM: usize = 0;
}

/// How many pointers of each kind a class has.
const LOCK_CLASSES: usize = (LOCK_CLASS_KEY_ROOM != 0) as usize;

/// What a class is known by: its address. Room for a `struct lock_class_key`.
#[repr(C, align(8))]
pub struct LockClassKey(pub [u8; LOCK_CLASS_KEY_ROOM]);

/// A class with its name, for the function that makes a lock; `include/koxide_lockdep.h` has it in C.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct LockClass {
    name: [*const c_char; LOCK_CLASSES],
    key: [*const c_void; LOCK_CLASSES],
}

impl LockClass {
    /// The class of a key.
    ///
    /// The functions that it is given to want this: `name` is a C string. Both live as long as the locks, and the key as
    /// long as the module, unless it was registered.
    pub const fn new(name: *const c_char, key: *const LockClassKey) -> Self {
        Self {
            name: [name; LOCK_CLASSES],
            key: [key.cast(); LOCK_CLASSES],
        }
    }
}

shims! {
    /// Tells the kernel of a key that is not a static.
    ///
    /// # Safety
    ///
    /// `key` points at a [`LockClassKey`] that stays until [`kx_lockdep_unregister_key`].
    pub fn kx_lockdep_register_key(key: *const c_void);

    /// Has the kernel forget a key. May sleep.
    ///
    /// # Safety
    ///
    /// `key` was registered, and no lock of its class is left. Process context.
    pub fn kx_lockdep_unregister_key(key: *const c_void);
}
