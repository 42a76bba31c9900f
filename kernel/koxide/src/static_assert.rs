// SPDX-License-Identifier: GPL-2.0-only

//! Conditions that are checked when a driver is compiled.

/// Refuses to compile unless a condition holds.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// static_assert!(size_of::<u64>() == 8);
/// ```
///
/// ```compile_fail
/// kernel::static_assert!(size_of::<u64>() == 4, "a u64 has 64 bits");
/// ```
#[macro_export]
macro_rules! static_assert {
    ($condition:expr $(, $message:literal)? $(,)?) => {
        const _: () = ::core::assert!($condition $(, $message)?);
    };
}
