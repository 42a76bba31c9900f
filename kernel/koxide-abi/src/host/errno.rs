// SPDX-License-Identifier: GPL-2.0-only

//! The error numbers that the fake kernel has a reason to give.

use core::ffi::c_int;

pub(super) const ENOENT: c_int = 2;
pub(super) const ENOMEM: c_int = 12;
pub(super) const EFAULT: c_int = 14;
pub(super) const EBUSY: c_int = 16;
pub(super) const EEXIST: c_int = 17;
pub(super) const EINVAL: c_int = 22;
pub(super) const ENOTTY: c_int = 25;
pub(super) const ESPIPE: c_int = 29;
