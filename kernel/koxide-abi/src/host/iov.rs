// SPDX-License-Identifier: GPL-2.0-only

//! I/O buffers: bytes in a row, of which the last ones may be bad.

use core::ffi::c_void;

use crate::types::iov_iter;

/// What stands for an `iov_iter`.
pub struct Iov {
    /// The bytes of the buffer that are good.
    pub good: Vec<u8>,
    /// How many bytes the buffer has, the bad ones included.
    pub len: usize,
    /// How far it was moved.
    pub at: usize,
}

impl Iov {
    /// A buffer, all of it good.
    pub fn new(good: &[u8]) -> Self {
        Self {
            len: good.len(),
            good: good.to_vec(),
            at: 0,
        }
    }

    /// Its address, as the shims take it.
    pub fn as_raw(&mut self) -> *mut iov_iter {
        (&raw mut *self).cast()
    }

    /// Takes the next bytes that are good.
    fn next(&mut self, len: usize) -> &mut [u8] {
        let start = self.at.min(self.good.len());
        let end = start
            .saturating_add(len.min(self.len - self.at))
            .min(self.good.len());
        self.at += end - start;
        &mut self.good[start..end]
    }
}

/// Twin of `kx_iov_iter_count`.
///
/// # Safety
///
/// `iov` is an [`Iov`].
pub(crate) unsafe fn count(iov: *const iov_iter) -> usize {
    // SAFETY: as the caller promises.
    let iov = unsafe { &*iov.cast::<Iov>() };
    iov.len - iov.at
}

/// Twin of `kx_iov_iter_advance`.
///
/// # Safety
///
/// `iov` is an [`Iov`].
pub(crate) unsafe fn advance(iov: *mut iov_iter, bytes: usize) {
    // SAFETY: as the caller promises.
    let iov = unsafe { &mut *iov.cast::<Iov>() };
    iov.at += bytes.min(iov.len - iov.at);
}

/// Twin of `kx_iov_iter_revert`.
///
/// # Safety
///
/// `iov` is an [`Iov`].
pub(crate) unsafe fn revert(iov: *mut iov_iter, bytes: usize) {
    // SAFETY: as the caller promises.
    let iov = unsafe { &mut *iov.cast::<Iov>() };
    iov.at -= bytes;
}

/// Twin of `kx_check_object_size`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn check(_object: *const c_void, _len: usize, _to_user: bool) {}

/// Twin of `kx_copy_to_iter`.
///
/// # Safety
///
/// `iov` is an [`Iov`], and `from` is readable for `len` bytes.
pub(crate) unsafe fn copy_to(from: *const c_void, len: usize, iov: *mut iov_iter) -> usize {
    // SAFETY: as the caller promises.
    let iov = unsafe { &mut *iov.cast::<Iov>() };
    // SAFETY: as the caller promises.
    let from = unsafe { core::slice::from_raw_parts(from.cast::<u8>(), len) };
    let room = iov.next(len);
    room.copy_from_slice(&from[..room.len()]);
    room.len()
}

/// Twin of `kx_iov_iter_zero`.
///
/// # Safety
///
/// `iov` is an [`Iov`].
pub(crate) unsafe fn zero(bytes: usize, iov: *mut iov_iter) -> usize {
    // SAFETY: as the caller promises.
    let iov = unsafe { &mut *iov.cast::<Iov>() };
    let room = iov.next(bytes);
    room.fill(0);
    room.len()
}

/// Twin of `kx_copy_from_iter`.
///
/// # Safety
///
/// `iov` is an [`Iov`], and `to` is writable for `len` bytes.
pub(crate) unsafe fn copy_from(to: *mut c_void, len: usize, iov: *mut iov_iter) -> usize {
    // SAFETY: as the caller promises.
    let iov = unsafe { &mut *iov.cast::<Iov>() };
    let bytes = iov.next(len);
    // SAFETY: there are not more than `len` bytes, and the room is not the buffer.
    unsafe {
        to.cast::<u8>()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
    };
    bytes.len()
}
