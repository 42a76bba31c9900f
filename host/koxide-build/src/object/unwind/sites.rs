// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which functions are on the stack when something panics: those that lead to what starts the way up.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use object::{Object, ObjectSection, ObjectSymbol, SectionIndex, SectionKind};

use super::super::error::Result;
use super::{Reader, is_in_poison};
use crate::arch::Arch;

/// The sections with code, each of which has one function.
pub(super) struct Names<'a> {
    sections: BTreeMap<usize, &'a str>,
    functions: HashMap<&'a str, SectionIndex>,
}

impl<'a> Names<'a> {
    /// Those of `file` that are among `kept`.
    pub(super) fn of(file: &'a object::File<'a>, kept: &BTreeSet<&str>) -> Self {
        let code = file.sections().filter(|s| s.kind() == SectionKind::Text);
        let named = code.filter_map(|section| Some((section.index().0, section.name().ok()?)));
        let sections: BTreeMap<_, _> = named.filter(|(_, name)| kept.contains(name)).collect();
        let functions = file.symbols().filter_map(|symbol| {
            let section = symbol.section_index()?;
            sections.get(&section.0)?;
            Some((symbol.name().ok()?, section))
        });
        Self {
            functions: functions.collect(),
            sections,
        }
    }

    /// The section of a function.
    pub(super) fn function(&self, name: &str) -> Option<SectionIndex> {
        self.functions.get(name).copied()
    }

    /// The sections of the functions that have this name where the library keeps what is poisoned.
    pub(super) fn in_poison(&self, name: &str) -> Vec<SectionIndex> {
        let at = |(symbol, at): (&&str, &SectionIndex)| is_in_poison(symbol, name).then_some(*at);
        self.functions.iter().filter_map(at).collect()
    }

    /// The name of a section.
    pub(super) fn section(&self, section: SectionIndex) -> &'a str {
        self.sections.get(&section.0).unwrap_or(&"")
    }
}

/// What a function leads to.
#[derive(Default)]
struct Code {
    /// The functions that it calls or refers to.
    to: BTreeSet<usize>,
    /// Where its calls of functions of the driver return to, and which these are; none for what a pointer leads to.
    calls: Vec<(u64, Option<usize>)>,
    /// Whether it calls what a pointer leads to, or jumps there.
    indirect: bool,
}

/// A function that may be on the stack when something panics.
pub(super) struct Found {
    pub(super) section: SectionIndex,
    /// Where its calls return to that may have led there.
    pub(super) calls: Vec<u64>,
    /// The sections that it refers to.
    pub(super) to: BTreeSet<usize>,
}

/// The functions that may be on the stack when something panics, in the object's order. `roots` start the way up, and have no frame.
pub(super) fn may_panic(
    reader: &Reader<'_>,
    names: &Names<'_>,
    roots: &[&str],
) -> Result<Vec<Found>> {
    let mut codes = BTreeMap::new();
    for at in names.sections.keys() {
        let section = reader.file.section_by_index(SectionIndex(*at));
        let section = section.map_err(|e| reader.form(e))?;
        codes.insert(*at, code(reader, names, &section)?);
    }
    let roots: Vec<usize> = roots
        .iter()
        .filter_map(|name| names.function(name))
        .map(|at| at.0)
        .collect();
    let mut panics: BTreeSet<usize> = roots.iter().copied().collect();
    let indirect = codes.iter().filter(|(_, code)| code.indirect);
    panics.extend(indirect.map(|(at, _)| *at));
    loop {
        let before = panics.len();
        for (at, code) in &codes {
            if !code.to.is_disjoint(&panics) {
                panics.insert(*at);
            }
        }
        if panics.len() == before {
            break;
        }
    }
    let leads = |to: &Option<usize>| to.is_none_or(|to| panics.contains(&to));
    let found = codes.into_iter().filter(|(at, _)| !roots.contains(at));
    let found = found.map(|(at, code)| Found {
        section: SectionIndex(at),
        calls: code
            .calls
            .iter()
            .filter(|(_, to)| leads(to))
            .map(|(back, _)| *back)
            .collect(),
        to: code.to,
    });
    Ok(found.filter(|found| !found.calls.is_empty()).collect())
}

/// What the code in a section leads to.
fn code(reader: &Reader<'_>, names: &Names<'_>, section: &object::Section<'_, '_>) -> Result<Code> {
    let data = section.data().map_err(|e| reader.form(e))?;
    let mut code = Code::default();
    for (offset, relocation) in section.relocations() {
        let Some(symbol) = reader.target(&relocation)? else {
            continue;
        };
        let section = symbol.section_index().map(|index| index.0);
        let to = section.filter(|index| names.sections.contains_key(index));
        code.to.extend(to);
        let indirect = symbol
            .name()
            .is_ok_and(|name| name.starts_with("__x86_indirect_thunk_"));
        code.indirect |= indirect;
        if (to.is_some() || indirect)
            && let Some(back) = call(reader.arch, data, offset)
        {
            code.calls.push((back, to));
        }
    }
    if reader.arch == Arch::Arm64 {
        let words = data
            .as_chunks()
            .0
            .iter()
            .map(|word| u32::from_le_bytes(*word));
        code.indirect |= words.clone().any(|word| word & BR_MASK == BR);
        let through_register = words.zip(1..).filter(|(word, _)| word & BLR_MASK == BLR);
        code.calls
            .extend(through_register.map(|(_, next)| (next * 4, None)));
    }
    Ok(code)
}

/// arm64's call of what a register points at, and of what its bits are in all such calls.
const BLR: u32 = 0xd63f_0000;
const BLR_MASK: u32 = 0xffff_fc1f;

/// Both that, and the jump there.
const BR: u32 = 0xd61f_0000;
const BR_MASK: u32 = 0xffdf_fc1f;

/// Where the call returns to that a relocation is of; nothing if it is no call's.
fn call(arch: Arch, data: &[u8], offset: u64) -> Option<u64> {
    let at = usize::try_from(offset).ok()?;
    let is_call = match arch {
        // call rel32
        Arch::X86_64 => data.get(at.checked_sub(1)?) == Some(&0xe8),
        // bl
        Arch::Arm64 => data.get(at + 3)? & 0xfc == 0x94,
        Arch::Arm => false,
    };
    is_call.then_some(offset + 4)
}
