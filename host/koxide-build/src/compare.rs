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

/// What the kernel calls, and the names that these functions have in a module whose C file calls them.
const ENTRIES: [(&str, &str); 2] = [
    ("init_module", "kx_driver_init"),
    ("cleanup_module", "kx_driver_exit"),
];

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
    for (name, functions) in rust.by_name() {
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
    let called = |name: &str| {
        elf.functions
            .iter()
            .filter(move |f| f.name == name)
            .nth(which)
    };
    let entry = ENTRIES.iter().find(|(entry, _)| *entry == name);
    let function: &Function = entry
        .and_then(|(_, renamed)| called(renamed))
        .or_else(|| called(name))?;
    let section = elf.section_of(function)?;
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
