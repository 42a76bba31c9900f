// SPDX-License-Identifier: GPL-2.0-only

//! Values that a lock protects which is somewhere else.

#![allow(unsafe_code, reason = "the value is reached by who has the lock's")]

use core::cell::UnsafeCell;

use super::lock::{Backend, Lock};

/// A value that is reached by whoever has locked a certain lock, around another value: the owner.
///
/// It is for parts of something that one lock protects as a whole, and for which there is no room inside of the lock.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{LockedBy, Mutex, new_mutex}};
///
/// struct Folder {
///     bytes: usize,
/// }
///
/// struct File {
///     size: LockedBy<usize, Folder>,
/// }
///
/// fn grow(file: &File, folder: &mut Folder, bytes: usize) {
///     *file.size.access_mut(folder) += bytes;
///     folder.bytes += bytes;
/// }
///
/// let folder = KBox::pin_init(new_mutex!(Folder { bytes: 0 }), GFP_KERNEL)?;
/// let file = File { size: LockedBy::new(&folder, 0) };
/// grow(&file, &mut folder.lock(), 7);
/// assert_eq!(*file.size.access(&folder.lock()), 7);
/// # Ok::<(), Error>(())
/// ```
///
/// It cannot be kept when the lock is unlocked:
///
/// ```compile_fail,E0515
/// use kernel::sync::{LockedBy, Mutex};
///
/// fn size<'a>(folder: &'a Mutex<u32>, size: &'a LockedBy<usize, u32>) -> &'a usize {
///     size.access(&folder.lock())
/// }
/// ```
///
/// Nor does an owner without a size say which lock it is in:
///
/// ```compile_fail,E0080
/// use kernel::{prelude::*, sync::{LockedBy, Mutex, new_mutex}};
///
/// let lock: Pin<KBox<Mutex<()>>> = KBox::pin_init(new_mutex!(()), GFP_KERNEL).unwrap();
/// let value: LockedBy<u32, ()> = LockedBy::new(&lock, 7);
/// ```
pub struct LockedBy<T, U> {
    owner: *const U,
    value: UnsafeCell<T>,
}

// SAFETY: the value is sent along; the owner's address is only compared.
unsafe impl<T: Send, U> Send for LockedBy<T, U> {}
// SAFETY: who has the owner exclusively, one thread at a time, has the value so, which is as good as sending it; to share
// it among threads, `access` asks for `Sync`.
unsafe impl<T: Send, U> Sync for LockedBy<T, U> {}

impl<T, U> LockedBy<T, U> {
    /// A value that `owner` protects.
    pub fn new<B: Backend>(owner: &Lock<U, B>, value: T) -> Self {
        const {
            assert!(
                size_of::<U>() > 0,
                "an owner without a size has no address of its own"
            )
        };
        Self {
            owner: owner.data_ptr(),
            value: UnsafeCell::new(value),
        }
    }

    /// The value, for who shares the owner.
    ///
    /// # Panics
    ///
    /// When it is another lock's owner.
    pub fn access<'a>(&'a self, owner: &'a U) -> &'a T
    where
        T: Sync,
    {
        self.check(owner);
        // SAFETY: the owner is shared during `'a`, so that nobody has it exclusively, which `access_mut` asks for.
        unsafe { &*self.value.get() }
    }

    /// The value, for who has the owner exclusively.
    ///
    /// # Panics
    ///
    /// When it is another lock's owner.
    #[allow(
        clippy::mut_from_ref,
        reason = "the owner, of which there is one, is borrowed mutably"
    )]
    pub fn access_mut<'a>(&'a self, owner: &'a mut U) -> &'a mut T {
        self.check(owner);
        // SAFETY: there is one owner, at its address; it is borrowed mutably during `'a`, and nobody else has it.
        unsafe { &mut *self.value.get() }
    }

    /// Panics when the owner is another one.
    fn check(&self, owner: &U) {
        assert!(core::ptr::eq(owner, self.owner), "another lock's owner");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::sync::new_mutex;

    #[test]
    #[should_panic(expected = "another lock's owner")]
    fn another_owner_is_refused() {
        let [one, other] =
            [1, 2].map(|value| KBox::pin_init(new_mutex!(value), GFP_KERNEL).unwrap());
        let value = LockedBy::new(&one, 7);
        assert_eq!(*value.access(&one.lock()), 7);
        value.access_mut(&mut other.lock());
    }
}
