// SPDX-License-Identifier: GPL-2.0-only

//! Classes of locks: include/linux/lockdep.h.
//!
//! A kernel that checks the order in which locks are taken does so for classes: all locks that one place in the source
//! makes are of one class. On all other kernels none of this takes a byte or an instruction.

#![allow(unsafe_code, reason = "the C edge of the kernel's lock checker")]

use core::ffi::CStr;
use core::pin::Pin;

use koxide_abi::{LOCK_CLASS_KEY_ROOM, LockClass};
use macros::{pin_data, pinned_drop};

use crate::pin_init::{PinInit, pin_init};
use crate::types::Opaque;

/// Whether the kernel checks locks.
const CHECKED: bool = LOCK_CLASS_KEY_ROOM != 0;

/// What a class of locks is known by. It has no size, unless the driver is built for a kernel that checks locks.
///
/// [`static_lock_class!`](crate::static_lock_class) makes one for a place in the source, and the macros that make locks
/// use that.
///
/// The kernel looks at a lock's class for as long as there may be such locks, and so it lives for ever:
///
/// ```compile_fail,E0597
/// use kernel::{c_str, prelude::*, sync::{LockClassKey, Mutex}};
///
/// fn make() -> Result {
///     let key = KBox::pin_init(LockClassKey::new_dynamic(), GFP_KERNEL)?;
///     let lock = KBox::pin_init(Mutex::new(0, c_str!("lock"), key.as_ref()), GFP_KERNEL)?;
///     Ok(())
/// }
/// ```
///
/// # Invariants
///
/// One that is dropped was registered, if the kernel checks locks.
#[pin_data(PinnedDrop)]
pub struct LockClassKey {
    #[pin]
    key: Opaque<koxide_abi::LockClassKey>,
}

// SAFETY: a key belongs to no thread.
unsafe impl Send for LockClassKey {}
// SAFETY: only the kernel looks into it, and has its own locks for that.
unsafe impl Sync for LockClassKey {}

impl LockClassKey {
    /// A key for a static; [`static_lock_class!`](crate::static_lock_class) calls this.
    ///
    /// # Safety
    ///
    /// It is the value of a static, and so never dropped.
    #[doc(hidden)]
    pub const unsafe fn new_static() -> Self {
        // INVARIANT: as the caller promises.
        Self {
            key: Opaque::zeroed(),
        }
    }

    /// A class that is made when the driver runs, for locks of which nobody knows at compile time what they protect.
    ///
    /// # Context
    ///
    /// Process context. So is dropping it, which may sleep.
    pub fn new_dynamic() -> impl PinInit<Self> {
        // INVARIANT: registered here.
        pin_init!(Self {
            key <- Opaque::ffi_init(|room: *mut koxide_abi::LockClassKey| {
                if CHECKED {
                    // SAFETY: the room is valid for writes and pinned, and dropping it has the kernel forget it.
                    unsafe { koxide_abi::kx_lockdep_register_key(room.cast()) };
                }
            }),
        })
    }

    /// The class with its name, for the shims that make locks.
    pub(crate) fn class(self: Pin<&'static Self>, name: &'static CStr) -> LockClass {
        LockClass::new(name.as_ptr(), self.get_ref().key.get())
    }
}

#[pinned_drop]
impl PinnedDrop for LockClassKey {
    fn drop(self: Pin<&mut Self>) {
        if CHECKED {
            // SAFETY: by the invariant it was registered. Locks keep it borrowed for ever, so that there is none of it.
            unsafe { koxide_abi::kx_lockdep_unregister_key(self.key.get().cast()) };
        }
    }
}

/// The class of the locks that are made at this place in the source.
///
/// # Examples
///
/// ```
/// use kernel::{c_str, prelude::*, static_lock_class, sync::Mutex};
///
/// /// All that this makes are of one class.
/// fn new_counter() -> impl PinInit<Mutex<u32>> {
///     Mutex::new(0, c_str!("counter"), static_lock_class!())
/// }
/// # let counter: Pin<KBox<Mutex<u32>>> = KBox::pin_init(new_counter(), GFP_KERNEL)?;
/// # assert_eq!(*counter.lock(), 0);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! static_lock_class {
    () => {{
        static CLASS: $crate::sync::LockClassKey =
            // SAFETY: it is the value of this static.
            unsafe { $crate::sync::LockClassKey::new_static() };
        $crate::__core::pin::Pin::static_ref(&CLASS)
    }};
}
