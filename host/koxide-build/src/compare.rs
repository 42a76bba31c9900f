// SPDX-License-Identifier: MIT OR Apache-2.0

//! Proves that two modules carry the same Rust code: equal outside the places that a linker fills in.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::check::elf::{Elf, Function};
use crate::check::{self, parse};

/// Why two modules do not have the same Rust code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A function of the object is not in a module.
    #[error("{module} does not have the function {function} of the object")]
    Missing {
        /// The module.
        module: PathBuf,
        /// The function.
        function: String,
    },
    /// A function differs.
    #[error("the function {function} differs between {a} and {b}, {offset} bytes from its start")]
    Differs {
        /// The function.
        function: String,
        /// One module.
        a: PathBuf,
        /// The other.
        b: PathBuf,
        /// Where.
        offset: usize,
    },
    /// A file cannot be understood.
    #[error(transparent)]
    Form(#[from] check::Error),
    /// A file cannot be read.
    #[error(transparent)]
    Files(#[from] cache::Error),
}

/// What the kernel calls. Of these names the C file may have functions of its own; the object's have other names as well.
const ENTRIES: [&str; 2] = ["init_module", "cleanup_module"];

/// Compares each function of `rust_object` in two modules and returns how many there are.
///
/// # Errors
/// [`Error::Differs`] or [`Error::Missing`] for the first function that is not the same.
pub fn same_object(a: &Path, b: &Path, rust_object: &Path) -> Result<usize, Error> {
    let read = |path: &Path| fs::read(path).map_err(|e| cache::Error::io("read", path, e));
    let (a_bytes, b_bytes, rust_bytes) = (read(a)?, read(b)?, read(rust_object)?);
    let (a_elf, b_elf) = (parse(a, &a_bytes)?, parse(b, &b_bytes)?);
    let rust = parse(rust_object, &rust_bytes)?;
    let mut count = 0;
    let by_name = rust.by_name().into_iter();
    for (name, functions) in by_name.filter(|(name, _)| !ENTRIES.contains(name)) {
        for i in 0..functions.len() {
            let a_code = code(&a_elf, name, i).ok_or_else(|| missing(a, name))?;
            let b_code = code(&b_elf, name, i).ok_or_else(|| missing(b, name))?;
            if let Some(offset) = difference(&a_code, &b_code) {
                return Err(Error::Differs {
                    function: name.to_owned(),
                    a: a.to_owned(),
                    b: b.to_owned(),
                    offset,
                });
            }
            count += 1;
        }
    }
    Ok(count)
}

fn missing(module: &Path, function: &str) -> Error {
    Error::Missing {
        module: module.to_owned(),
        function: function.to_owned(),
    }
}

/// A function's bytes; none where the linker fills in.
fn code(elf: &Elf<'_>, name: &str, which: usize) -> Option<Vec<Option<u8>>> {
    let of_name = |f: &&Function| f.name == name;
    let function = elf.functions.iter().filter(of_name).nth(which)?;
    let section = elf
        .sections
        .iter()
        .find(|s| s.index == function.start.section)?;
    let start = usize::try_from(function.start.offset).ok()?;
    let end = start.checked_add(usize::try_from(function.size).ok()?)?;
    let bytes = section.data.get(start..end)?;
    let mut bytes: Vec<Option<u8>> = bytes.iter().copied().map(Some).collect();
    for relocation in &section.relocations {
        let at = usize::try_from(relocation.offset).ok()?;
        let length = if relocation.kind == object::elf::R_X86_64_64 {
            8
        } else {
            4
        };
        for place in (at..at + length).filter(|place| (start..end).contains(place)) {
            bytes[place - start] = None;
        }
    }
    Some(bytes)
}

fn difference(a: &[Option<u8>], b: &[Option<u8>]) -> Option<usize> {
    let first = a.iter().zip(b).position(|(a, b)| a != b);
    first.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found_where_it_is() {
        let a = [Some(1), None, Some(3)];
        assert_eq!(difference(&a, &a), None);
        assert_eq!(difference(&a, &[Some(1), None, Some(4)]), Some(2));
        assert_eq!(difference(&a, &[Some(1), Some(2), Some(3)]), Some(1));
        assert_eq!(difference(&a, &a[..2]), Some(2));
    }
}
