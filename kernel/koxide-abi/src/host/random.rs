// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers, good enough for tests.

use core::ffi::{c_int, c_void};
use std::hash::{BuildHasher as _, RandomState};

/// A number that nobody can guess.
fn number() -> u64 {
    RandomState::new().hash_one(())
}

/// Twin of `kx_get_random_bytes`.
///
/// # Safety
///
/// As for `kx_get_random_bytes`.
pub(crate) unsafe fn bytes(to: *mut c_void, len: usize) {
    // SAFETY: so many bytes are writable.
    unsafe { to.write_bytes(0, len) };
    // SAFETY: they were just initialised.
    let room = unsafe { core::slice::from_raw_parts_mut(to.cast::<u8>(), len) };
    for chunk in room.chunks_mut(8) {
        chunk.copy_from_slice(&number().to_ne_bytes()[..chunk.len()]);
    }
}

/// Twin of `kx_get_random_u32`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn u32() -> u32 {
    number() as u32
}

/// Twin of `kx_get_random_u64`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn u64() -> u64 {
    number()
}

/// Twin of `kx_get_random_u32_below`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn u32_below(ceil: u32) -> u32 {
    (number() as u32)
        .checked_rem(ceil)
        .unwrap_or(number() as u32)
}

/// Twin of `kx_rng_is_initialized`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn is_initialized() -> c_int {
    1
}

/// Twin of `kx_wait_for_random_bytes`.
///
/// # Safety
///
/// As for `kx_wait_for_random_bytes`.
pub(crate) unsafe fn wait() -> c_int {
    super::context::might_sleep();
    0
}

/// Twin of `kx_add_device_randomness`.
///
/// # Safety
///
/// None.
pub(crate) unsafe fn add(_from: *const c_void, _len: usize) {}
