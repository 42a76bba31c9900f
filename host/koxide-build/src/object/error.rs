// SPDX-License-Identifier: MIT OR Apache-2.0

//! Why a driver's object cannot be built.

use std::path::PathBuf;

use crate::cache;
use crate::need::Need;

/// Why a driver's object cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The compiler refused the driver; it said why on the standard error.
    #[error("the driver `{package}` does not compile")]
    Compile {
        /// The driver's package.
        package: String,
    },
    /// cargo failed, and the compiler that it links with is not there.
    #[error(
        "`{package}` could not be built: there is no C compiler `cc`, with which cargo links what takes part in a build"
    )]
    NoLinker {
        /// The package.
        package: String,
    },
    /// The toolchain lacks the sources of the core library.
    #[error(
        "the toolchain in {sysroot} has no rust-src, which drivers are compiled with: `rustup component add rust-src`"
    )]
    NoRustSrc {
        /// The toolchain.
        sysroot: PathBuf,
    },
    /// rustup does not have the toolchain that `rust-toolchain.toml` names.
    #[error("rustup does not have the toolchain that rust-toolchain.toml names:\n{said}")]
    NoToolchain {
        /// rustup's own words.
        said: String,
    },
    /// The compiler is not one that rustup manages.
    #[error(
        "rustc is {found} from {sysroot}, not from rustup: drivers need the toolchain that rust-toolchain.toml names, which only rustup can install; after that its cargo must come first in PATH"
    )]
    NotRustup {
        /// What it says it is.
        found: String,
        /// Where it is.
        sysroot: PathBuf,
    },
    /// The compiler has another version than the one drivers are known to build with.
    #[error(
        "rustc is {found}, and drivers are built with {wanted}: name that version in a rust-toolchain.toml beside the driver, or set RUSTUP_TOOLCHAIN={wanted}.0"
    )]
    Version {
        /// What it says it is.
        found: String,
        /// What is needed.
        wanted: &'static str,
    },
    /// The toolchain cannot compile for a target.
    #[error("the toolchain in {sysroot} has no target {target}: `rustup target add {target}`")]
    NoTarget {
        /// The toolchain.
        sysroot: PathBuf,
        /// The target.
        target: &'static str,
    },
    /// cargo made no library of the driver.
    #[error(
        "cargo built no library of `{package}`: its Cargo.toml needs a [lib] with the default crate type"
    )]
    NoLibrary {
        /// The driver's package.
        package: String,
    },
    /// rustdoc does not tell the examples in a form that is understood.
    #[error(
        "rustdoc does not tell the examples of `{package}` as version {wanted} of its format: drivers and their documentation need the toolchain that rust-toolchain.toml names"
    )]
    Examples {
        /// The package.
        package: String,
        /// The version.
        wanted: u32,
    },
    /// The object has no records of a module, or wrong ones.
    #[error("the object is no driver's: {why}; a driver has one `module!` in its src/lib.rs")]
    Records {
        /// What is wrong.
        why: String,
    },
    /// A file is no object, or not one that is understood.
    #[error("{path} is not a relocatable x86_64 object: {why}; remove it and build again")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The object uses something that no kernel gives to drivers.
    #[error(
        "the driver uses {}, which no shim defines and no kernel gives to Rust: {}", .symbols.join(", "), .hint
    )]
    Undefined {
        /// The symbols.
        symbols: Vec<String>,
        /// What to do about it.
        hint: &'static str,
    },
    /// A condition that the driver wants to be sure of when it is built.
    #[error(
        "a `build_assert!` may fail: the compiler could not show that its condition holds. Where it depends on an argument, mark the functions up to the constant with #[inline(always)]"
    )]
    BuildAssert,
    /// A function whose frames cannot be found when it panics.
    #[error(
        "the function {function} {why}: a panic would not find its way through it; make it smaller, or take it apart"
    )]
    Unwind {
        /// The function.
        function: String,
        /// What is special about it.
        why: String,
    },
    /// A function's frame is too large for a kernel stack.
    #[error(
        "the function {function} takes {bytes} bytes of stack and may take {limit}: kernel stacks have 16 KiB in all; move large values to the heap (KBox, KVec)"
    )]
    Frame {
        /// The function.
        function: String,
        /// The size of its frame.
        bytes: u64,
        /// The largest that is allowed.
        limit: u64,
    },
    /// The object needs a shim that the shims folder does not have.
    #[error("no file in {shims} defines {}: object and shims do not belong together", .symbols.join(", "))]
    NoShim {
        /// The folder.
        shims: PathBuf,
        /// The symbols.
        symbols: Vec<String>,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Files(#[from] cache::Error),
    /// A program could not be run.
    #[error(transparent)]
    Process(#[from] koxide_process::Error),
}

impl Error {
    /// What is to be installed before this can succeed.
    pub fn missing(&self) -> Option<Need> {
        match self {
            Self::Process(error) => Need::of(error),
            Self::NoLinker { .. } => Some(Need::Compiler {
                wanted: "gcc".to_owned(),
            }),
            Self::NoRustSrc { .. } => Some(Need::RustSrc),
            Self::NotRustup { .. } => Some(Need::Rustup),
            Self::NoToolchain { .. } => Some(Need::Toolchain),
            Self::NoTarget { target, .. } => Some(Need::RustTarget((*target).to_owned())),
            _ => None,
        }
    }
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
