// SPDX-License-Identifier: MIT OR Apache-2.0

//! What the compiler must have done to code for arm64. An emulator of an old processor shows none of it.

use std::collections::HashSet;

use object::elf::{R_AARCH64_ABS64, R_AARCH64_ADD_ABS_LO12_NC};

use super::elf::{Elf, Function, Place};
use super::error::Error;
use super::target::Target;

/// The instructions that an indirect branch may end at: `bti c`, `bti j`, `bti jc`, `paciasp`.
const PADS: [u32; 4] = [0xd503_245f, 0xd503_249f, 0xd503_24df, 0xd503_233f];

/// Each Rust function whose address is taken begins with a landing pad.
pub(crate) fn pads(ko: &Elf<'_>, rust: &[&Function], target: &Target) -> Result<(), Error> {
    if !target.bti {
        return Ok(());
    }
    let taken = |kind| kind == R_AARCH64_ABS64 || kind == R_AARCH64_ADD_ABS_LO12_NC;
    let taken: HashSet<Place> = ko
        .sections
        .iter()
        .filter(|s| s.alloc)
        .flat_map(|s| s.relocations.iter().filter(|r| taken(r.kind)))
        .filter_map(|r| r.place)
        .collect();
    for function in rust.iter().filter(|f| taken.contains(&f.start)) {
        if !first(ko, function).is_some_and(|word| PADS.contains(&word)) {
            return Err(Error::NoPad {
                function: function.name.clone(),
            });
        }
    }
    Ok(())
}

/// A function's first instruction.
fn first(ko: &Elf<'_>, function: &Function) -> Option<u32> {
    let start = usize::try_from(function.start.offset).ok()?;
    let word = ko
        .section_of(function)?
        .data
        .get(start..start.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}
