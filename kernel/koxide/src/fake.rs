// SPDX-License-Identifier: GPL-2.0-only

//! A kernel that is none: loads a driver in a plain `#[test]`, on the developer's machine, and uses its devices.
//!
//! It stands behind the same functions as a kernel does, so that a driver's code runs unchanged, with real threads; under
//! Miri, too, which sees what is undefined behaviour. It is there in tests only, since no kernel has it.
//!
//! A test fails when the driver panics, when it sleeps where it must not, and when something is left after its exit:
//! memory, devices, references. What the fake kernel lacks panics with the name of the function. The real proof are
//! the tests in a virtual machine: this one has no interrupts, one user, and its scheduler is that of the machine.
//!
//! Statics of the driver keep their values from one test to the next, since they are those of one process. Only one
//! module is loaded at a time: other tests wait in [`load`].
//!
//! # Examples
//!
//! ```
//! # // kunit: ignore
//! use kernel::prelude::*;
//!
//! module! {
//!     type: Hello,
//!     name: "hello",
//!     license: "GPL",
//! }
//!
//! struct Hello(KBox<u32>);
//!
//! impl kernel::Module for Hello {
//!     fn init(_module: &'static ThisModule) -> Result<Self> {
//!         pr_info!("hello\n");
//!         Ok(Hello(KBox::new(7, GFP_KERNEL)?))
//!     }
//! }
//!
//! // #[test]
//! fn it_greets() {
//!     let module = kernel::fake::load::<Hello>().expect("it is loaded");
//!     assert_eq!(module.log(), ["hello: hello"]);
//!     module.unload();
//! }
//!
//! // #[test]
//! fn it_needs_memory() {
//!     kernel::fake::fail_allocation(1);
//!     assert_eq!(kernel::fake::load::<Hello>().err(), Some(ENOMEM));
//! }
//! # fn main() {
//! #     it_greets();
//! #     it_needs_memory();
//! # }
//! ```

#![allow(unsafe_code, reason = "a contract between `module!` and this")]

mod file;
mod loaded;
mod process;
#[cfg(test)]
pub(crate) mod tests;

pub use file::File;
pub use loaded::{Loaded, load, load_with};
pub use process::Process;

#[doc(hidden)]
pub use loaded::__run_suite;

#[doc(hidden)]
pub use crate::module_param::given::Parameter as __Parameter;

use koxide_abi::host::machine::current;

/// A driver that can be loaded; `module!` implements it.
pub trait Loadable: 'static {
    /// The names of the parameters.
    #[doc(hidden)]
    const __PARAMETERS: &'static [&'static str];

    /// Sets all parameters to what was given, or to their defaults.
    ///
    /// # Errors
    ///
    /// `EINVAL` for a text that is no value of its parameter.
    ///
    /// # Safety
    ///
    /// The module is not loaded.
    #[doc(hidden)]
    unsafe fn __give<'a>(given: impl Fn(&str) -> Option<&'a str>) -> crate::error::Result;

    /// The module's init function: 0 or a negative errno.
    #[doc(hidden)]
    fn __init() -> core::ffi::c_int;

    /// The module's exit function.
    #[doc(hidden)]
    fn __exit();
}

/// Lets one allocation of this test fail, counted from now on: the first is 1.
///
/// Whatever may fail for want of memory counts: a device that is made, a thread that is started.
///
/// # Examples
///
/// ```
/// # // kunit: ignore
/// use kernel::{fake, prelude::*};
///
/// fake::fail_allocation(2);
/// assert!(KBox::new(1, GFP_KERNEL).is_ok());
/// assert!(KBox::new(2, GFP_KERNEL).is_err());
/// assert!(KBox::new(3, GFP_KERNEL).is_ok());
/// ```
pub fn fail_allocation(which: u64) {
    current().ledger.fail(Some(which));
}

/// What this test's module has written to the log since it was loaded, or the log was asked for last: a line for each
/// message, without its end. Afterwards it can be asked for, too.
pub fn log() -> std::vec::Vec<std::string::String> {
    loaded::lines(&current())
}

/// How many allocations were asked for, since the test began or [`fail_allocation`] was called last.
///
/// # Examples
///
/// ```
/// # // kunit: ignore
/// use kernel::{fake, prelude::*};
///
/// let boxed = KBox::new(1, GFP_KERNEL);
/// assert_eq!(fake::allocations(), 1);
/// # drop(boxed);
/// ```
pub fn allocations() -> u64 {
    current().ledger.asked()
}
