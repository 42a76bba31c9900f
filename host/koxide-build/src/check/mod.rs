// SPDX-License-Identifier: MIT OR Apache-2.0

//! Refuses modules whose faults would show only on a machine, or not at all.
//!
//! Each reason has a name, which begins its message. The ones about mitigations, stack traces and branch tracking
//! cannot be tested in an emulator, so that these checks are their only test. `checks/koxide-check.sh` does the core
//! of them on machines without Rust.

mod arm64;
mod code;
pub(crate) mod elf;
mod error;
mod symbols;
mod target;
mod x86;

use std::fs;
use std::path::Path;

pub use error::Error;
pub(crate) use symbols::unresolved;

use crate::arch::Arch;
use crate::cache;
use crate::kernels::Kernel;
use crate::object::Kasan;
use elf::Elf;
use target::Target;

/// What was found out about a good module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many functions of the driver's Rust code are in it.
    pub rust_functions: usize,
    /// The kernel's modules that must be loaded before it, by their path without an ending.
    pub depends: Vec<String>,
}

/// Checks a linked module against its kernel and against the Rust object that went into it.
///
/// # Errors
/// The first reason not to use the module.
pub fn module(ko: &Path, kernel: &Kernel, rust_object: &Path) -> Result<Report, Error> {
    let target = Target::read(&kernel.headers.build, kernel.arch)?;
    let read = |path: &Path| fs::read(path).map_err(|e| cache::Error::io("read", path, e));
    let (ko_bytes, rust_bytes) = (read(ko)?, read(rust_object)?);
    let module = parse(ko, &ko_bytes)?;
    let rust = parse(rust_object, &rust_bytes)?;
    all(&module, &rust, &target, &kernel.release)
}

/// Checks a module that is all C: what the kernel's own build promises, and nothing that is Koxide's own rule.
///
/// # Errors
/// The first reason not to use the module.
pub fn twin(ko: &Path, kernel: &Kernel) -> Result<(), Error> {
    let target = Target::read(&kernel.headers.build, kernel.arch)?;
    let bytes = fs::read(ko).map_err(|e| cache::Error::io("read", ko, e))?;
    let module = parse(ko, &bytes)?;
    symbols::relocations(&module, &target)?;
    symbols::exports(&module, &target, &kernel.release)?;
    symbols::licence(&module, &target)?;
    symbols::versions(&module, &target)?;
    x86::returns(&module, &target)?;
    x86::branches(&module, &target)
}

/// The sanitizer of a kernel.
pub(crate) fn kasan(kernel: &Kernel) -> Result<Option<Kasan>, cache::Error> {
    Ok(Target::read(&kernel.headers.build, kernel.arch)?.kasan)
}

pub(crate) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<Elf<'a>, Error> {
    Elf::parse(bytes).map_err(|source| Error::Form {
        path: path.to_owned(),
        source,
    })
}

fn all(ko: &Elf<'_>, rust: &Elf<'_>, target: &Target, release: &str) -> Result<Report, Error> {
    symbols::foreign(rust, target)?;
    if target.arch == Arch::X86_64 {
        x86::bare(rust)?;
    }
    symbols::abi(ko)?;
    symbols::relocations(ko, target)?;
    let depends = symbols::exports(ko, target, release)?;
    symbols::licence(ko, target)?;
    symbols::versions(ko, target)?;
    let functions = code::rust_functions(ko, rust);
    match target.arch {
        Arch::X86_64 => {
            x86::returns(ko, target)?;
            x86::branches(ko, target)?;
            x86::orc(ko, &functions, target)?;
            x86::endbr(ko, &functions, target)?;
            x86::padding(ko, &functions, target)?;
        }
        Arch::Arm64 => arm64::pads(ko, &functions, target)?,
        Arch::Arm => {}
    }
    code::tables(ko)?;
    Ok(Report {
        rust_functions: functions.len(),
        depends,
    })
}

#[cfg(test)]
mod tests;
