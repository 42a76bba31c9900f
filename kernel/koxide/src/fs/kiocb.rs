// SPDX-License-Identifier: GPL-2.0-only

//! A read or write under way: include/linux/fs.h.

use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::types::ForeignOwnable;

/// A read or write of a file whose driver keeps a `T` for each open file.
///
/// What it gives of the file ends with the operation:
///
/// ```compile_fail
/// use kernel::{fs::Kiocb, prelude::*};
///
/// fn keep(kiocb: Kiocb<'_, KBox<u32>>) -> &'static u32 {
///     kiocb.file()
/// }
/// ```
///
/// # Invariants
///
/// It is the `struct kiocb` of an operation that is under way for `'a`, on a file whose `private_data` is a `T` that
/// became foreign, and is not taken back during `'a`.
pub struct Kiocb<'a, T> {
    inner: NonNull<koxide_abi::types::kiocb>,
    _borrows: PhantomData<(&'a (), T)>,
}

impl<'a, T: ForeignOwnable> Kiocb<'a, T> {
    /// The operation at an address.
    ///
    /// # Safety
    ///
    /// It fulfils the invariants, and nobody else uses it during `'a`.
    pub(crate) unsafe fn from_raw(kiocb: NonNull<koxide_abi::types::kiocb>) -> Self {
        // INVARIANT: as the caller promises.
        Self {
            inner: kiocb,
            _borrows: PhantomData,
        }
    }

    /// What the driver keeps for the file.
    pub fn file(&self) -> <T as ForeignOwnable>::Borrowed<'a> {
        // SAFETY: by the invariant the operation is under way.
        let file = unsafe { koxide_abi::kx_kiocb_file(self.inner.as_ptr()) };
        // SAFETY: the operation has a reference to the file, which is the driver's.
        let private = unsafe { koxide_abi::kx_file_private_data(file) };
        // SAFETY: by the invariant it is a `T` that became foreign, is not taken back during `'a`, and is only ever
        // borrowed shared while its file is open.
        unsafe { T::borrow(private) }
    }

    /// The flags of the file, which may say that it does not wait or writes at its end: see [`flags`](super::flags).
    ///
    /// Upstream has no such method.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{fs::{Kiocb, flags::O_NONBLOCK}, types::ForeignOwnable};
    ///
    /// fn may_wait<T: ForeignOwnable>(kiocb: &Kiocb<'_, T>) -> bool {
    ///     kiocb.flags() & O_NONBLOCK == 0
    /// }
    /// ```
    pub fn flags(&self) -> u32 {
        // SAFETY: by the invariant the operation is under way.
        let file = unsafe { koxide_abi::kx_kiocb_file(self.inner.as_ptr()) };
        // SAFETY: the operation has a reference to the file.
        unsafe { koxide_abi::kx_file_flags(file) }
    }

    /// The position of the read or write.
    pub fn ki_pos(&self) -> i64 {
        // SAFETY: by the invariant the operation is under way.
        let pos = unsafe { koxide_abi::kx_kiocb_pos(self.inner.as_ptr()) };
        // SAFETY: it points into the operation, which nobody else uses.
        unsafe { pos.read() }
    }

    /// The position, to be changed: what it is at the end of the operation is where the next one starts.
    pub fn ki_pos_mut(&mut self) -> &mut i64 {
        // SAFETY: by the invariant the operation is under way.
        let pos = unsafe { koxide_abi::kx_kiocb_pos(self.inner.as_ptr()) };
        // SAFETY: it points into the operation, which nobody else uses, and `self` is borrowed mutably.
        unsafe { &mut *pos }
    }
}
