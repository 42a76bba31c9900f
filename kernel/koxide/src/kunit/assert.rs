// SPDX-License-Identifier: GPL-2.0-only

//! The assertions inside a suite: they say what was expected and what came, and the test goes on.

use core::fmt;

use super::report::{line, note_failure};

/// Records that an assertion has failed; the test goes on.
#[doc(hidden)]
pub fn fail(file: &str, number: u32, said: fmt::Arguments<'_>, more: fmt::Arguments<'_>) {
    note_failure();
    line(format_args!("    # {file}:{number}: {said}{more}\n"));
}

/// For the assertions: what they say, and the message that may follow their arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __kunit_fail {
    ($said:expr $(,)?) => {
        $crate::kunit::fail(::core::file!(), ::core::line!(), $said, ::core::format_args!(""))
    };
    ($said:expr, $($args:tt)+) => {
        $crate::kunit::fail(
            ::core::file!(),
            ::core::line!(),
            $said,
            ::core::format_args!(": {}", ::core::format_args!($($args)+)),
        )
    };
}

/// `assert!` inside a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_assert {
    ($condition:expr $(, $($args:tt)*)?) => {
        if !$condition {
            $crate::__kunit_fail!(
                ::core::format_args!("expected `{}`", ::core::stringify!($condition))
                $(, $($args)*)?
            );
        }
    };
}

/// `assert_eq!` inside a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_assert_eq {
    ($left:expr, $right:expr $(, $($args:tt)*)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if !(*left == *right) {
                    $crate::__kunit_fail!(
                        ::core::format_args!(
                            "expected `{} == {}`, got {left:?} and {right:?}",
                            ::core::stringify!($left),
                            ::core::stringify!($right),
                        )
                        $(, $($args)*)?
                    );
                }
            }
        }
    };
}

/// `assert_ne!` inside a suite.
#[doc(hidden)]
#[macro_export]
macro_rules! kunit_assert_ne {
    ($left:expr, $right:expr $(, $($args:tt)*)?) => {
        match (&$left, &$right) {
            (left, right) => {
                if *left == *right {
                    $crate::__kunit_fail!(
                        ::core::format_args!(
                            "expected `{} != {}`, got {left:?} twice",
                            ::core::stringify!($left),
                            ::core::stringify!($right),
                        )
                        $(, $($args)*)?
                    );
                }
            }
        }
    };
}
