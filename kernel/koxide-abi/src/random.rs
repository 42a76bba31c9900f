// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's random number generator: include/linux/random.h.

use core::ffi::{c_int, c_void};

#[cfg(not(target_os = "none"))]
use crate::host::random as twin;

shims! {
    /// Fills memory with random bytes. Any context.
    ///
    /// # Safety
    ///
    /// `to` is writable for `len` bytes.
    #[host(twin::bytes)]
    pub fn kx_get_random_bytes(to: *mut c_void, len: usize);

    /// A random number of 32 bits. Any context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::u32)]
    pub fn kx_get_random_u32() -> u32;

    /// A random number of 64 bits. Any context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::u64)]
    pub fn kx_get_random_u64() -> u64;

    /// A random number below another, each as likely; any number for 0. Any context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::u32_below)]
    pub fn kx_get_random_u32_below(ceil: u32) -> u32;

    /// Whether the generator has been given enough to start with: 1 or 0. Any context.
    ///
    /// # Safety
    ///
    /// None.
    #[host(twin::is_initialized)]
    pub fn kx_rng_is_initialized() -> c_int;

    /// Waits until it has; 0, or a negative errno when a signal comes. Sleeps.
    ///
    /// # Safety
    ///
    /// None. Process context.
    #[host(twin::wait)]
    pub fn kx_wait_for_random_bytes() -> c_int;

    /// Mixes bytes into the generator's pool, without counting them as random. Any context.
    ///
    /// # Safety
    ///
    /// `from` is readable for `len` bytes.
    #[host(twin::add)]
    pub fn kx_add_device_randomness(from: *const c_void, len: usize);
}
