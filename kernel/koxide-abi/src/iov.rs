// SPDX-License-Identifier: GPL-2.0-only

//! The buffers of reads and writes: include/linux/uio.h.

use core::ffi::c_void;

#[cfg(not(target_os = "none"))]
use crate::host::iov as twin;
use crate::types::iov_iter;

shims! {
    /// Skips bytes, at most what is left.
    ///
    /// # Safety
    ///
    /// As for [`kx_iov_iter_count`].
    #[host(twin::advance)]
    pub fn kx_iov_iter_advance(iov: *mut iov_iter, bytes: usize);

    /// Goes back.
    ///
    /// # Safety
    ///
    /// As for [`kx_iov_iter_count`]; the iterator was moved forward by at least `bytes`.
    #[host(twin::revert)]
    pub fn kx_iov_iter_revert(iov: *mut iov_iter, bytes: usize);

    /// Ends the thread if these bytes are not within one object, and so are none that user space may be given or may give. Any
    /// context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::check)]
    pub fn kx_check_object_size(object: *const c_void, len: usize, to_user: bool);

    /// Copies into the iterator and moves it forward; says how many bytes. May sleep.
    ///
    /// # Safety
    ///
    /// As for [`kx_iov_iter_count`]; the iterator is a destination; `from` is readable for `len` bytes, which
    /// [`kx_check_object_size`] has seen and are no more than an `int` counts.
    #[host(twin::copy_to)]
    pub fn kx_copy_to_iter(from: *const c_void, len: usize, iov: *mut iov_iter) -> usize;

    /// Writes zeros into the iterator and moves it forward; says how many bytes, at most `bytes`. May sleep.
    ///
    /// # Safety
    ///
    /// As for [`kx_iov_iter_count`]; the iterator is a destination.
    #[host(twin::zero)]
    pub fn kx_iov_iter_zero(bytes: usize, iov: *mut iov_iter) -> usize;

    /// Copies out of the iterator and moves it forward; says how many bytes. May sleep.
    ///
    /// # Safety
    ///
    /// As for [`kx_iov_iter_count`]; the iterator is a source; `to` is writable for `len` bytes, which
    /// [`kx_check_object_size`] has seen and are no more than an `int` counts.
    #[host(twin::copy_from)]
    pub fn kx_copy_from_iter(to: *mut c_void, len: usize, iov: *mut iov_iter) -> usize;
}

fields! {
    /// Bytes that are left in the iterator; any context.
    ///
    /// # Safety
    ///
    /// `iov` is an iterator that no other thread uses.
    #[host(twin::count)]
    #[field(read)]
    pub fn kx_iov_iter_count(iov: *const iov_iter) -> usize;
}
