// SPDX-License-Identifier: MIT OR Apache-2.0

//! From a driver in Rust to a module for a named kernel.
//!
//! [`kernels`] finds or fetches a kernel; [`driver`] finds the driver's package; [`object`] compiles it to one portable
//! object per architecture; [`module`] links that with the shims for one kernel; [`check`] refuses a module whose
//! faults would show only on a machine. [`examples`] makes a package of the examples in a documentation. The library knows nothing of virtual machines and prints nothing.
#![forbid(unsafe_code)]

mod addend;
mod arch;
pub mod cache;
pub mod check;
pub mod compare;
pub mod driver;
mod error;
pub mod examples;
mod gnu;
pub mod guest;
pub mod kernels;
mod lines;
pub mod module;
pub mod need;
pub mod object;
pub mod panics;
pub mod progress;

pub use arch::{Arch, ParseError as ArchError};
pub use cache::Cache;
pub use driver::{Driver, Project};
pub use error::Error;
pub use gnu::Gnu;
pub use kernels::{Kernel, KernelName};
pub use lines::{Frame, Lines, ModuleSymbols, kernel_symbols, module_symbols};
pub use module::Module;
pub use need::Need;
pub use object::Artefact;
pub use progress::{Progress, Silent};
