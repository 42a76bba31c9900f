// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers: drivers/char/random.c.
//!
//! They are those of `/dev/urandom`, good enough for keys once the generator [is initialised](rng_is_initialized), which it
//! is soon after the machine has started. All functions can be called in any context but [`wait_for_random_bytes`].
//!
//! # Examples
//!
//! ```no_run
//! # // kunit: run
//! use kernel::{prelude::*, random};
//!
//! let mut key = [0; 32];
//! random::wait_for_random_bytes()?;
//! random::get_random_bytes(&mut key);
//! let die = random::get_random_u32_below(6) + 1;
//! # Ok::<(), Error>(())
//! ```

#![allow(unsafe_code, reason = "the C edge of the random number generator")]

use core::mem::MaybeUninit;

use crate::error::{Result, to_result};

/// Fills a buffer with random bytes.
pub fn get_random_bytes(buffer: &mut [u8]) {
    // SAFETY: the buffer is writable for its length.
    unsafe { koxide_abi::kx_get_random_bytes(buffer.as_mut_ptr().cast(), buffer.len()) };
}

/// Fills room that need not be initialised with random bytes; gives them.
pub fn get_random_bytes_raw(room: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the room is writable for its length.
    unsafe { koxide_abi::kx_get_random_bytes(room.as_mut_ptr().cast(), room.len()) };
    // SAFETY: all of it was just written.
    unsafe { room.assume_init_mut() }
}

/// Zeroes what is secret, which the compiler does even if nobody reads it any more; gives the zeroes.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// use core::mem::MaybeUninit;
/// use kernel::random::{get_random_bytes_raw, memzero_explicit};
///
/// let mut room = [MaybeUninit::uninit(); 32];
/// let key = get_random_bytes_raw(&mut room);
/// assert_eq!(key.len(), 32);
/// memzero_explicit(&mut room);
/// ```
#[inline]
pub fn memzero_explicit(room: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // The kernel's function for it would be one more that a module is linked with.
    #[cfg(all(target_os = "none", target_arch = "x86_64"))]
    {
        let at: *mut u64;
        // SAFETY: so many words are within the room.
        unsafe {
            core::arch::asm!(
                "rep stosq",
                in("rax") 0_u64,
                inout("rcx") room.len() / 8 => _,
                inout("rdi") room.as_mut_ptr() => at,
                options(nostack, preserves_flags),
            );
        }
        if !room.len().is_multiple_of(8) {
            // SAFETY: these are the bytes behind the last word.
            unsafe {
                core::arch::asm!(
                    "rep stosb",
                    in("al") 0_u8,
                    inout("rcx") room.len() % 8 => _,
                    inout("rdi") at => _,
                    options(nostack, preserves_flags),
                );
            }
        }
    }
    #[cfg(all(target_os = "none", not(target_arch = "x86_64")))]
    {
        room.fill(MaybeUninit::new(0));
        // SAFETY: there is no instruction; what the compiler does not know is that nobody reads the zeroes.
        unsafe {
            core::arch::asm!("/* {} */", in(reg) room.as_mut_ptr(), options(nostack, preserves_flags))
        };
    }
    #[cfg(not(target_os = "none"))]
    core::hint::black_box(&mut *room).fill(MaybeUninit::new(0));
    // SAFETY: all of it was just written.
    unsafe { room.assume_init_mut() }
}

/// A random number of 32 bits; faster than [`get_random_bytes`].
pub fn get_random_u32() -> u32 {
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_get_random_u32() }
}

/// A random number of 64 bits; faster than [`get_random_bytes`].
pub fn get_random_u64() -> u64 {
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_get_random_u64() }
}

/// A random number from 0 to `ceil - 1`, each as likely as the others.
///
/// # Panics
///
/// When `ceil` is 0.
pub fn get_random_u32_below(ceil: u32) -> u32 {
    assert!(ceil > 0, "no number is below 0");
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_get_random_u32_below(ceil) }
}

/// Whether the generator has been given enough to start with.
pub fn rng_is_initialized() -> bool {
    // SAFETY: there is no contract.
    unsafe { koxide_abi::kx_rng_is_initialized() != 0 }
}

/// Waits until the generator has been given enough to start with.
///
/// # Errors
///
/// `ERESTARTSYS` when a signal comes before.
///
/// # Context
///
/// Process context; sleeps.
pub fn wait_for_random_bytes() -> Result {
    // SAFETY: there is no contract but the context.
    to_result(unsafe { koxide_abi::kx_wait_for_random_bytes() })
}

/// Mixes bytes into what the generator makes its numbers of. They need not be random, and are not counted as such.
pub fn add_device_randomness(bytes: &[u8]) {
    // SAFETY: the bytes are readable.
    unsafe { koxide_abi::kx_add_device_randomness(bytes.as_ptr().cast(), bytes.len()) };
}
