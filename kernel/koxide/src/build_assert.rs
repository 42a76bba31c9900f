// SPDX-License-Identifier: GPL-2.0-only

//! Conditions that are checked when a driver is built.
//!
//! | macro | its condition | who refuses |
//! |---|---|---|
//! | [`static_assert!`](crate::static_assert) | a constant | the compiler |
//! | [`const_assert!`](crate::const_assert) | a constant, which may depend on generics | the compiler, where they are known |
//! | [`build_assert!`](crate::build_assert!) | depends on arguments | `cargo koxide build`, if the optimiser could not decide it |

#[doc(no_inline)]
pub use crate::{build_assert, build_error, const_assert, static_assert};

/// What is called where a condition does not hold, or may not: an object that has this function in it is refused.
///
/// The build knows it by its path. A name that it exports would keep it, and its texts, in each module until it is linked.
#[doc(hidden)]
#[inline(never)]
#[cold]
pub const fn __build_error(message: &'static str) -> ! {
    panic!("{}", message)
}

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
/// ```compile_fail,E0080
/// kernel::static_assert!(size_of::<u64>() == 4, "a u64 has 64 bits");
/// ```
#[macro_export]
macro_rules! static_assert {
    ($condition:expr $(, $message:literal)? $(,)?) => {
        const _: () = ::core::assert!($condition $(, $message)?);
    };
}

/// Refuses to compile a use of generics for which a condition does not hold.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// fn first<const N: usize>(row: [u8; N]) -> u8 {
///     const_assert!(N > 0, "the row is empty");
///     row[0]
/// }
/// assert_eq!(first([1, 2]), 1);
/// ```
///
/// ```compile_fail,E0080
/// # use kernel::prelude::*;
/// # fn first<const N: usize>(row: [u8; N]) -> u8 {
/// #     const_assert!(N > 0, "the row is empty");
/// #     row[0]
/// # }
/// first([]);
/// ```
#[macro_export]
macro_rules! const_assert {
    ($condition:expr $(, $message:literal)? $(,)?) => {
        const { ::core::assert!($condition $(, $message)?) }
    };
}

/// Refuses to build a driver in which this is reached, or may be for all that the optimiser knows.
///
/// Elsewhere, as in tests on the host, it panics.
#[macro_export]
macro_rules! build_error {
    ($message:expr $(,)?) => {
        $crate::build_assert::__build_error($message)
    };
    () => {
        $crate::build_assert::__build_error("")
    };
}

/// Refuses to build a driver in which a condition does not hold, or may not for all that the optimiser knows.
///
/// The functions between it and what the condition depends on need `#[inline(always)]`. Elsewhere, as in tests on the host,
/// it panics where the condition does not hold.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// #[inline(always)]
/// fn register(number: usize) -> usize {
///     build_assert!(number < 16, "there are 16 registers");
///     number * 4
/// }
/// assert_eq!(register(3), 12);
/// ```
#[macro_export]
macro_rules! build_assert {
    ($condition:expr $(,)?) => {
        if !$condition {
            $crate::build_error!(::core::concat!(
                "assertion failed: ",
                ::core::stringify!($condition)
            ));
        }
    };
    ($condition:expr, $message:expr $(,)?) => {
        if !$condition {
            $crate::build_error!($message);
        }
    };
}

#[cfg(test)]
mod tests {
    const fn small(number: u32) -> u32 {
        build_assert!(number < 10);
        number
    }

    #[test]
    fn what_holds_is_no_matter() {
        const SEVEN: u32 = small(7);
        assert_eq!(SEVEN, 7);
    }

    #[test]
    #[should_panic(expected = "assertion failed: number < 10")]
    fn what_does_not_panics_on_the_host() {
        small(core::hint::black_box(10));
    }
}
