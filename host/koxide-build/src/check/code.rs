// SPDX-License-Identifier: MIT OR Apache-2.0

//! What holds of code on each architecture.

use std::collections::HashSet;

use super::elf::{Elf, Function, Section};
use super::error::Error;

/// The functions of the Rust object as they are in the module.
pub(crate) fn rust_functions<'a>(ko: &'a Elf<'_>, rust: &Elf<'_>) -> Vec<&'a Function> {
    let names: HashSet<&str> = rust.functions.iter().map(|f| f.name.as_str()).collect();
    let ours = |f: &&Function| names.contains(f.name.as_str());
    ko.functions.iter().filter(ours).collect()
}

/// No pointer to a function is in memory that stays writable.
pub(crate) fn tables(ko: &Elf<'_>) -> Result<(), Error> {
    let stays_writable = |s: &&Section<'_>| {
        let sealed =
            s.name.starts_with(".data..ro_after_init") || s.name.starts_with(".data.rel.ro");
        s.write && s.name.starts_with(".data") && !sealed
    };
    for section in ko.sections.iter().filter(stays_writable) {
        for relocation in &section.relocations {
            let Some(place) = relocation.place else {
                continue;
            };
            if let Some(function) = ko.functions.iter().find(|f| f.start == place) {
                return Err(Error::WritableTable {
                    section: section.name.clone(),
                    function: function.name.clone(),
                });
            }
        }
    }
    Ok(())
}
