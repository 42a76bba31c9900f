// SPDX-License-Identifier: GPL-2.0-only

//! Tests that run in the kernel, in upstream's `#[kunit_tests(suite)]` shape.
//!
//! They are compiled with `--cfg kunit` only, and run when such a module is loaded, before its `init`. They need no
//! kernel with KUnit: the results go to the log as KTAP. A test returns nothing, or a [`Result`](crate::error::Result)
//! of which an error is a failure.
//!
//! Inside of a suite `assert!`, `assert_eq!` and `assert_ne!` report a failure, and the test goes on: nothing stops a
//! thread of the kernel half way. Code that is called by a test has the assertions that it always has.
//!
//! Not every test has to run:
//!
//! - One that `#[cfg(..)]` leaves out is reported as skipped, as upstream does.
//! - One with `#[ignore = "why"]` is, too.
//! - One that finds out by itself that it cannot run calls [`skip`] and returns.
//!
//! A test with `#[should_panic]`, or `#[should_panic(expected = "part of the message")]`, passes when it panics. That takes the
//! machine down, and another boot for the tests behind it: a few seconds. A message has `{}` where the values are.
//!
//! The examples in the documentation of a driver are tests, too, in a suite of the name `examples`: those that are marked
//! `no_run` compile, `compile_fail` is left to rustdoc, and of an example with [`module!`](crate::module!) the module is
//! initialised and dropped.
//!
//! # Examples
//!
//! ```
//! use kernel::prelude::*;
//!
//! fn double(number: u32) -> u32 {
//!     number * 2
//! }
//!
//! #[kunit_tests(doubling)]
//! mod tests {
//!     use super::*;
//!
//!     #[test]
//!     fn doubles() {
//!         assert_eq!(double(21), 42);
//!     }
//!
//!     #[test]
//!     fn allocates() -> Result {
//!         let boxed = KBox::new(21, GFP_KERNEL)?;
//!         assert_eq!(double(*boxed), 42);
//!         Ok(())
//!     }
//!
//!     #[test]
//!     #[ignore = "there is no such number yet"]
//!     fn doubles_the_largest_number() {
//!         assert_eq!(double(u32::MAX) / 2, u32::MAX);
//!     }
//! }
//! # fn main() {}
//! ```

#![allow(clippy::test_attr_in_doctest, reason = "the example is about tests")]

mod assert;
#[cfg(target_os = "none")]
mod contained;
mod example;
mod outcome;
mod report;
mod suite;

#[doc(hidden)]
pub use assert::fail;
#[cfg(target_os = "none")]
#[doc(hidden)]
pub use contained::{IS_SPACED, contained, stack_of};
#[doc(hidden)]
pub use example::load;
#[doc(hidden)]
pub use outcome::Outcome;
#[doc(hidden)]
pub use report::Selection;
pub(crate) use report::run;
#[cfg(not(target_os = "none"))]
pub(crate) use report::run_whole;
pub use report::{in_kunit_test, skip};
#[doc(hidden)]
pub use suite::{Case, Suite};
