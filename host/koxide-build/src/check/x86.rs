// SPDX-License-Identifier: MIT OR Apache-2.0

//! What objtool must have done to the code of a module for x86. An emulator shows none of it.

use std::collections::HashSet;

use object::elf::{R_X86_64_32, R_X86_64_32S, R_X86_64_64, R_X86_64_PC32};

use super::elf::{Elf, Function, Place, Relocation, Section};
use super::error::Error;
use super::target::Target;

/// The first instruction of a function that may be called through a pointer.
const ENDBR: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

/// The instruction that does nothing, in one byte.
const NOP: u8 = 0x90;

/// Each jump to the return thunk is one that the kernel will patch.
pub(crate) fn returns(ko: &Elf<'_>, target: &Target) -> Result<(), Error> {
    if !target.rethunk {
        return Ok(());
    }
    let is_thunk = |name: &str| name == "__x86_return_thunk";
    match unlisted(ko, ".return_sites", is_thunk) {
        None => Ok(()),
        Some((count, function)) => Err(Error::Returns { count, function }),
    }
}

/// Each branch through a thunk is one that the kernel will patch.
pub(crate) fn branches(ko: &Elf<'_>, target: &Target) -> Result<(), Error> {
    if !target.retpoline {
        return Ok(());
    }
    let is_thunk = |name: &str| name.starts_with("__x86_indirect_thunk_");
    match unlisted(ko, ".retpoline_sites", is_thunk) {
        None => Ok(()),
        Some((count, function)) => Err(Error::Branches { count, function }),
    }
}

/// How many branches to such a symbol a table does not list, and where the first is.
fn unlisted(ko: &Elf<'_>, table: &str, is_thunk: impl Fn(&str) -> bool) -> Option<(usize, String)> {
    let listed: HashSet<Place> = ko.listed(table).into_iter().collect();
    let mut missing = Vec::new();
    for section in ko.sections.iter().filter(|s| s.exec && s.alloc) {
        // Replacement instructions are copied over others, which are the ones listed.
        if section.name == ".altinstr_replacement" {
            continue;
        }
        for relocation in section.relocations.iter().filter(|r| is_thunk(&r.symbol)) {
            let is_listed = |start: &u64| {
                listed.contains(&Place {
                    section: section.index,
                    offset: *start,
                })
            };
            if !starts(section.data, relocation.offset)
                .iter()
                .any(is_listed)
            {
                missing.push(Place {
                    section: section.index,
                    offset: relocation.offset,
                });
            }
        }
    }
    let first = missing.first()?;
    Some((missing.len(), function_at(ko, *first)))
}

/// Where the branch instruction can begin whose target is at `operand`.
fn starts(code: &[u8], operand: u64) -> Vec<u64> {
    let before = |n: u64| {
        let at = usize::try_from(operand.checked_sub(n)?).ok()?;
        code.get(at).copied()
    };
    let mut starts = vec![operand.saturating_sub(1)];
    // A conditional jump has two bytes, and a segment prefix pads call and jump.
    if before(2) == Some(0x0f) || before(2) == Some(0x2e) {
        starts.push(operand - 2);
    }
    starts
}

fn function_at(ko: &Elf<'_>, place: Place) -> String {
    let inside = |f: &&Function| {
        f.start.section == place.section
            && (f.start.offset..f.start.offset + f.size.max(1)).contains(&place.offset)
    };
    let found = ko.functions.iter().find(inside);
    found.map_or_else(|| "an unnamed function".to_owned(), |f| f.name.clone())
}

/// Stacks can be walked through each Rust function.
pub(crate) fn orc(ko: &Elf<'_>, rust: &[&Function], target: &Target) -> Result<(), Error> {
    if !target.orc {
        return Ok(());
    }
    /// Size of the kernel's struct orc_entry.
    const ENTRY: usize = 6;
    let places = ko.listed(".orc_unwind_ip");
    let entries = ko.section(".orc_unwind").map_or(&[][..], |s| s.data);
    // The lower bits of the last field name the register that the frame is found by; none is "unknown".
    let known = entries.chunks_exact(ENTRY).map(|entry| entry[4] & 0xf != 0);
    let mut table: Vec<(Place, bool)> = places.into_iter().zip(known).collect();
    table.sort();
    for function in rust {
        let after = table.partition_point(|(place, _)| *place <= function.start);
        let covering = after.checked_sub(1).and_then(|i| table.get(i));
        let covered = covering
            .is_some_and(|(place, known)| place.section == function.start.section && *known);
        if !covered {
            return Err(Error::Orc {
                function: function.name.clone(),
            });
        }
    }
    Ok(())
}

/// Each Rust function whose address is taken begins with an endbr, which the kernel does not take away.
pub(crate) fn endbr(ko: &Elf<'_>, rust: &[&Function], target: &Target) -> Result<(), Error> {
    if !target.ibt {
        return Ok(());
    }
    let taken: HashSet<Place> = ko
        .sections
        .iter()
        .filter(|s| s.alloc && !is_metadata(&s.name))
        .flat_map(|s| s.relocations.iter().filter(move |r| takes_address(s, r)))
        .filter_map(|r| r.place)
        .collect();
    let sealed: HashSet<Place> = ko.listed(SEALED).into_iter().collect();
    for function in rust.iter().filter(|f| taken.contains(&f.start)) {
        if sealed.contains(&function.start) {
            return Err(Error::Sealed {
                function: function.name.clone(),
            });
        }
        let section = ko.section_of(function);
        let start = usize::try_from(function.start.offset).unwrap_or(usize::MAX);
        let begins = section.and_then(|s| s.data.get(start..)?.get(..ENDBR.len()));
        if begins != Some(&ENDBR) {
            return Err(Error::Endbr {
                function: function.name.clone(),
            });
        }
    }
    Ok(())
}

/// Each Rust function has the NOPs before it that the kernel wants.
pub(crate) fn padding(ko: &Elf<'_>, rust: &[&Function], target: &Target) -> Result<(), Error> {
    let bytes = target.padding;
    for function in rust.iter().filter(|_| bytes > 0) {
        let section = ko.section_of(function);
        let before = || {
            let end = usize::try_from(function.start.offset).ok()?;
            let start = end.checked_sub(usize::try_from(bytes).ok()?)?;
            section?.data.get(start..end)
        };
        if !before().is_some_and(|before| before.iter().all(|byte| *byte == NOP)) {
            return Err(Error::Padding {
                function: function.name.clone(),
                bytes,
            });
        }
    }
    Ok(())
}

/// Where objtool lists the functions that it saw no pointer to. The kernel takes their endbr away when it loads them.
const SEALED: &str = ".ibt_endbr_seal";

/// Tables about the code, which nothing calls through.
fn is_metadata(name: &str) -> bool {
    const TABLES: [&str; 12] = [
        ".orc_unwind",
        ".return_sites",
        ".retpoline_sites",
        SEALED,
        ".call_sites",
        ".altinstructions",
        "__bug_table",
        "__ex_table",
        "__mcount_loc",
        "__patchable_function_entries",
        "__jump_table",
        ".static_call",
    ];
    TABLES.iter().any(|table| name.starts_with(table))
}

/// Whether a relocation makes a pointer, not the target of a direct branch.
fn takes_address(section: &Section<'_>, relocation: &Relocation) -> bool {
    match relocation.kind {
        R_X86_64_64 | R_X86_64_32 | R_X86_64_32S => true,
        // In data, a difference to here; in code, the operand of a branch or an address.
        R_X86_64_PC32 => !section.exec,
        _ => false,
    }
}

/// No function of the Rust object returns or branches without a thunk.
///
/// Code is not decoded here: the two one-byte returns are looked for at the end of each function and before the
/// padding that follows it, which finds objects that were compiled without the kernel's flags.
pub(crate) fn bare(rust: &Elf<'_>) -> Result<(), Error> {
    for function in &rust.functions {
        let section = rust.section_of(function);
        let range = || {
            let start = usize::try_from(function.start.offset).ok()?;
            let size = usize::try_from(function.size).ok()?;
            section?.data.get(start..start.checked_add(size)?)
        };
        let Some(code) = range() else {
            continue;
        };
        // The last byte may belong to the operand of a jump to the thunk, which the linker fills in.
        let last = function.start.offset + function.size.saturating_sub(1);
        let filled_in = section.is_some_and(|s| {
            s.relocations
                .iter()
                .any(|r| (r.offset..r.offset + 4).contains(&last))
        });
        if matches!(code.last(), Some(0xc3 | 0xcb)) && !filled_in && code.len() > 1 {
            let jump = code.len().checked_sub(2).map(|i| code[i]);
            // The displacement of a short or near jump inside the function can have any value.
            if jump == Some(0xeb) || code.len() >= 5 && matches!(code[code.len() - 5], 0xe8 | 0xe9)
            {
                continue;
            }
            return Err(Error::Bare {
                what: "return",
                function: function.name.clone(),
            });
        }
    }
    Ok(())
}
