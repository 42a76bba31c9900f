// SPDX-License-Identifier: GPL-2.0-only

//! Tracepoints: include/linux/tracepoint.h.

/// Declares functions that pass a tracepoint.
///
/// A tracepoint is defined by C code of the kernel, and a stock kernel has none for a driver of another's making. So the
/// functions do nothing: code that was written with them for a kernel that has the tracepoint compiles and runs.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// kernel::declare_trace! {
///     /// A value was read.
///     ///
///     /// # Safety
///     ///
///     /// None.
///     unsafe fn value_read(value: c_int);
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! declare_trace {
    ($(
        $(#[$($attribute:tt)*])*
        $visibility:vis unsafe fn $name:ident($($argument:ident: $ty:ty),* $(,)?);
    )*) => {$(
        $($crate::__plain_attribute! { $($attribute)* })*

        $(#[$($attribute)*])*
        #[inline(always)]
        #[allow(dead_code)]
        $visibility unsafe fn $name($($argument: $ty),*) {
            $(let _ = $argument;)*
        }
    )*};
}

/// A driver's own attributes say nothing to the linker:
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// kernel::declare_trace! {
///     #[unsafe(no_mangle)]
///     unsafe fn mutex_lock(lock: usize);
/// }
/// ```
#[cfg(doctest)]
struct Attacks;
