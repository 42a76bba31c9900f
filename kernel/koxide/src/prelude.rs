// SPDX-License-Identifier: GPL-2.0-only

//! What almost every driver needs: `use kernel::prelude::*;`.

pub use core::mem::{align_of, align_of_val, size_of, size_of_val};
pub use core::pin::Pin;

pub use macros::{fmt, kunit_tests, module, vtable};

pub use crate::alloc::{Box, KBox, KVBox, KVVec, KVec, VBox, VVec, Vec, flags::*};
pub use crate::error::{Error, Result, code::*};
pub use crate::ffi::{
    CStr, c_char, c_int, c_long, c_longlong, c_schar, c_short, c_uchar, c_uint, c_ulong,
    c_ulonglong, c_ushort, c_void,
};
pub use crate::init::InPlaceInit;
pub use crate::module::{InPlaceModule, Module, ModuleMetadata, ThisModule};
pub use crate::pin_init::{
    self, InPlaceWrite, Init, PinInit, Zeroable, init, pin_data, pin_init, pinned_drop,
};
pub use crate::str::CStrExt as _;
// Upstream's prelude has these two from another crate.
pub use crate::build_assert::{build_assert, build_error, const_assert, static_assert};
pub use crate::transmute::{AsBytes as IntoBytes, FromBytes};
pub use crate::uaccess::UserPtr;
pub use crate::{
    current, dbg, dev_alert, dev_crit, dev_dbg, dev_emerg, dev_err, dev_info, dev_notice, dev_warn,
    kvec, pr_alert, pr_alert_once, pr_cont, pr_crit, pr_crit_once, pr_debug, pr_emerg,
    pr_emerg_once, pr_err, pr_err_once, pr_info, pr_info_once, pr_notice, pr_notice_once, pr_warn,
    pr_warn_once, try_init, try_pin_init,
};
