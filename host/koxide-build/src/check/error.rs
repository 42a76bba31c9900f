// SPDX-License-Identifier: MIT OR Apache-2.0

//! The named reasons not to use a module.

use std::path::PathBuf;

use crate::cache;

/// Why a module must not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The loader does not know a relocation's type.
    #[error(
        "bad-relocation: {section} refers to `{symbol}` by a relocation of type {kind}, which the module loader refuses; the object was built with other flags than a kernel's"
    )]
    Relocation {
        /// Where it is.
        section: String,
        /// What it points at.
        symbol: String,
        /// The number of its type.
        kind: u32,
    },
    /// The kernel does not export what the module needs.
    #[error(
        "not-exported: the kernel {release} does not export {}; choose another kernel, or a library whose shims do without", .symbols.join(", ")
    )]
    NotExported {
        /// The kernel.
        release: String,
        /// The symbols.
        symbols: Vec<String>,
    },
    /// The shims lack what the object calls.
    #[error(
        "no-shim: no shim defines {}: object and shims are of different releases; build the driver again with the library that the shims belong to", .symbols.join(", ")
    )]
    NoShim {
        /// The symbols.
        symbols: Vec<String>,
    },
    /// The Rust object refers to something that drivers may not refer to.
    #[error(
        "foreign-symbol: the driver's object refers to {}, which is no shim and would bind to whatever the kernel has under that name", .symbols.join(", ")
    )]
    Foreign {
        /// The symbols.
        symbols: Vec<String>,
    },
    /// A module with another licence uses what is for GPL modules only.
    #[error(
        "gpl-only: the module's licence is not the GPL and it uses {}, for GPL modules only; say license: \"GPL\" in module!, or do without", .symbols.join(", ")
    )]
    GplOnly {
        /// The symbols.
        symbols: Vec<String>,
    },
    /// A return is not among those that the kernel patches.
    #[error(
        "unpatched-return: {count} returns, the first in {function}, are not in .return_sites: objtool did not process them, and they would run without a mitigation"
    )]
    Returns {
        /// How many.
        count: usize,
        /// Where the first is.
        function: String,
    },
    /// An indirect branch is not among those that the kernel patches.
    #[error(
        "unpatched-branch: {count} indirect branches, the first in {function}, are not in .retpoline_sites: objtool did not process them"
    )]
    Branches {
        /// How many.
        count: usize,
        /// Where the first is.
        function: String,
    },
    /// A return or an indirect branch does not go through the kernel's thunks.
    #[error(
        "bare-{what}: {function} has a {what} that goes through no thunk, so that no mitigation applies; was a part of the object compiled apart from the driver?"
    )]
    Bare {
        /// `return` or `branch`.
        what: &'static str,
        /// Where it is.
        function: String,
    },
    /// objtool found code that it cannot make safe.
    #[error("objtool: {said}")]
    Objtool {
        /// Its own words.
        said: String,
    },
    /// Stacks cannot be walked through a function.
    #[error("no-orc: {function} has no stack-trace information (ORC): objtool did not process it")]
    Orc {
        /// The function.
        function: String,
    },
    /// The kernel traps when a function is called through a pointer.
    #[error(
        "no-endbr: the address of {function} is taken and it does not begin with endbr64, so that a call traps on this kernel (IBT)"
    )]
    Endbr {
        /// The function.
        function: String,
    },
    /// The kernel traps when a function is called through a pointer.
    #[error(
        "no-landing-pad: the address of {function} is taken and it does not begin with `bti c` or `paciasp`, so that a call traps on this kernel (BTI)"
    )]
    NoPad {
        /// The function.
        function: String,
    },
    /// The kernel makes a function that it calls through a pointer one that it cannot call so.
    #[error(
        "sealed: the kernel calls {function} through a pointer, and takes its endbr64 away when it loads the module (.ibt_endbr_seal), \
         so that the call traps (IBT)"
    )]
    Sealed {
        /// The function.
        function: String,
    },
    /// The kernel patches code in before each function, and there is no room for it.
    #[error(
        "no-padding: {function} does not have the {bytes} bytes of NOPs before it that this kernel patches for its mitigations (call depth tracking)"
    )]
    Padding {
        /// The function.
        function: String,
        /// How many the kernel wants.
        bytes: u64,
    },
    /// A symbol's prototype is not, or not rightly, recorded.
    #[error(
        "wrong-crc: the module does not carry the kernel's CRC of `{symbol}`: it was built with the headers of another kernel"
    )]
    Crc {
        /// The symbol.
        symbol: String,
    },
    /// A function pointer can be overwritten.
    #[error(
        "writable-table: {section} holds the address of {function} and is writable; function tables are read-only after init"
    )]
    WritableTable {
        /// The section.
        section: String,
        /// The function that is pointed at.
        function: String,
    },
    /// The object and the shims do not belong together.
    #[error(
        "abi-version: the object was built for version {object} of the Koxide ABI and these shims have another: build the driver again with the library that the shims belong to"
    )]
    AbiVersion {
        /// What the object needs.
        object: String,
    },
    /// A file is no ELF file, or one that cannot be read.
    #[error("{path} cannot be checked: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// Why.
        source: object::Error,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Files(#[from] cache::Error),
}
