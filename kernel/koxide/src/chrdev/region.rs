// SPDX-License-Identifier: GPL-2.0-only

//! Device numbers that are reserved: fs/char_dev.c.

#![allow(unsafe_code, reason = "the C edge of character device regions")]

use core::ffi::CStr;

use crate::alloc::flags::GFP_KERNEL;
use crate::error::{Result, code::EINVAL, of_kernel, to_result};
use crate::sync::Arc;

/// How many minor numbers a major number has: include/linux/kdev_t.h.
const MINORS: u32 = 1 << 20;

/// Device numbers of one major number, reserved until the last one who has this is gone.
///
/// # Invariants
///
/// The numbers from `first` on, `count` of them, are reserved, and this gives them back.
pub struct Region {
    major: u32,
    first: u32,
    count: u32,
}

impl Region {
    /// Reserves `count` device numbers from 0 on, of a major number that the kernel chooses.
    ///
    /// # Errors
    ///
    /// `EINVAL` for no numbers, for more than 2^20, or for an empty name; `EBUSY` when no major number is free; `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn alloc(name: &CStr, count: u32) -> Result<Arc<Self>> {
        Self::check(name, 0, count)?;
        // SAFETY: the name is a C string, and the numbers are small enough.
        let major = unsafe { koxide_abi::kx_chrdev_region_alloc(0, count, name.as_ptr()) };
        to_result(major)?;
        Self::reserved(major.cast_unsigned(), 0, count)
    }

    /// Reserves `count` device numbers from `first` on, of a major number that was assigned to this driver.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a major number above 511 or other numbers that no device has, for no numbers or an empty name; `EBUSY` when one of them is taken; `ENOMEM`.
    ///
    /// # Context
    ///
    /// May sleep.
    pub fn register(name: &CStr, major: u32, first: u32, count: u32) -> Result<Arc<Self>> {
        if !(1..koxide_abi::CHRDEV_MAJOR_MAX).contains(&major) {
            return Err(EINVAL);
        }
        Self::check(name, first, count)?;
        // SAFETY: the name is a C string, and the numbers are small enough.
        let registered =
            unsafe { koxide_abi::kx_chrdev_region_register(major, first, count, name.as_ptr()) };
        // SAFETY: it is the shim's, which says 0 or a negative errno.
        unsafe { of_kernel(registered) }?;
        Self::reserved(major, first, count)
    }

    /// The major number.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The first minor number.
    pub fn first(&self) -> u32 {
        self.first
    }

    /// How many minor numbers there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Refuses what cannot be reserved.
    fn check(name: &CStr, first: u32, count: u32) -> Result {
        let end = first.checked_add(count).ok_or(EINVAL)?;
        if name.is_empty() || count == 0 || end > MINORS {
            return Err(EINVAL);
        }
        Ok(())
    }

    /// Numbers that were just reserved.
    fn reserved(major: u32, first: u32, count: u32) -> Result<Arc<Self>> {
        // INVARIANT: they are reserved.
        let region = Self {
            major,
            first,
            count,
        };
        Ok(Arc::new(region, GFP_KERNEL)?)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: by the invariant the numbers are reserved; devices that have one have this, too.
        unsafe { koxide_abi::kx_chrdev_region_unregister(self.major, self.first, self.count) };
    }
}
