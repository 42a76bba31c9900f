// SPDX-License-Identifier: GPL-2.0-only

//! User memory: include/linux/uaccess.h.

use core::ffi::{c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::uaccess as twin;

shims! {
    /// Copies from user memory; says how many bytes were **not** copied: all of them for a size that no object has.
    /// Any room may have been written. May sleep.
    ///
    /// # Safety
    ///
    /// `to` is writable for `len` bytes. `from` may be any number: a bad address is not copied from.
    #[host(twin::copy_from_user)]
    pub fn kx_copy_from_user(to: *mut c_void, from: usize, len: usize) -> usize;

    /// Copies 4 bytes from user memory; 0 or `-EFAULT`. May sleep.
    ///
    /// # Safety
    ///
    /// `to` is writable for 4 bytes. `from` may be any number.
    #[host(twin::get_user_4)]
    pub fn kx_get_user_4(to: *mut c_void, from: usize) -> c_int;

    /// Copies 8 bytes from user memory; 0 or `-EFAULT`. May sleep.
    ///
    /// # Safety
    ///
    /// `to` is writable for 8 bytes. `from` may be any number.
    #[host(twin::get_user_8)]
    pub fn kx_get_user_8(to: *mut c_void, from: usize) -> c_int;

    /// Copies 4 bytes to user memory; 0 or `-EFAULT`. May sleep.
    ///
    /// # Safety
    ///
    /// None. `to` may be any number.
    #[host(twin::put_user_4)]
    pub fn kx_put_user_4(to: usize, value: u32) -> c_int;

    /// Copies 8 bytes to user memory; 0 or `-EFAULT`. May sleep.
    ///
    /// # Safety
    ///
    /// None. `to` may be any number.
    #[host(twin::put_user_8)]
    pub fn kx_put_user_8(to: usize, value: u64) -> c_int;

    /// Copies a string from user memory with its NUL, and reads nothing behind it: says how long it is, `len` when no
    /// NUL comes within `len` bytes, and `-EFAULT` for a bad address. May sleep.
    ///
    /// # Safety
    ///
    /// `to` is writable for `len` bytes. `from` may be any number.
    #[host(twin::strncpy_from_user)]
    pub fn kx_strncpy_from_user(to: *mut c_void, from: usize, len: usize) -> isize;

    /// Copies to user memory; says how many bytes were **not** copied. May sleep.
    ///
    /// # Safety
    ///
    /// `from` is readable for `len` bytes. `to` may be any number: a bad address is not copied to.
    #[host(twin::copy_to_user)]
    pub fn kx_copy_to_user(to: usize, from: *const c_void, len: usize) -> usize;
}
