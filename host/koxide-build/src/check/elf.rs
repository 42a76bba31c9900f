// SPDX-License-Identifier: MIT OR Apache-2.0

//! The parts of an ELF file that the checks look at.

use std::collections::HashMap;

use object::elf::{self, RelocationType, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE};
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags,
    SectionIndex, SymbolKind,
};

use crate::addend;

/// A place in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The section's number.
    pub(crate) section: usize,
    /// The offset in it.
    pub(crate) offset: u64,
}

/// A function's code.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) start: Place,
    pub(crate) size: u64,
}

/// A section with what the linker is still to fill in.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) name: String,
    pub(crate) index: usize,
    /// Where it is in the file.
    pub(crate) at: u64,
    pub(crate) alloc: bool,
    pub(crate) write: bool,
    pub(crate) exec: bool,
    pub(crate) data: &'a [u8],
    pub(crate) relocations: Vec<Relocation>,
}

/// One thing to fill in.
#[derive(Debug)]
pub(crate) struct Relocation {
    pub(crate) offset: u64,
    /// The number of its type.
    pub(crate) kind: RelocationType,
    /// The symbol; that of a section has no name.
    pub(crate) symbol: String,
    /// Where symbol and addend point to, when that is in this file.
    pub(crate) place: Option<Place>,
}

/// An ELF file, read.
#[derive(Debug)]
pub(crate) struct Elf<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) functions: Vec<Function>,
    /// Undefined symbols; true for weak ones, which may stay undefined.
    pub(crate) undefined: Vec<(String, bool)>,
    /// Names of all defined symbols.
    pub(crate) defined: Vec<String>,
}

impl<'a> Elf<'a> {
    /// Reads a relocatable file.
    pub(crate) fn parse(bytes: &'a [u8]) -> object::Result<Self> {
        let file = object::File::parse(bytes)?;
        let mut elf = Self {
            sections: Vec::new(),
            functions: Vec::new(),
            undefined: Vec::new(),
            defined: Vec::new(),
        };
        for section in file.sections() {
            elf.sections.push(read_section(&file, &section)?);
        }
        for symbol in file.symbols() {
            let name = symbol.name()?.to_owned();
            if symbol.is_undefined() {
                if !name.is_empty() {
                    elf.undefined.push((name, symbol.is_weak()));
                }
                continue;
            }
            if let (SymbolKind::Text, Some(SectionIndex(section))) =
                (symbol.kind(), symbol.section_index())
            {
                elf.functions.push(Function {
                    name: name.clone(),
                    start: Place {
                        section,
                        offset: symbol.address(),
                    },
                    size: symbol.size(),
                });
            }
            elf.defined.push(name);
        }
        Ok(elf)
    }

    /// The section of that name.
    pub(crate) fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|s| s.name == name)
    }

    /// The section that a function is in.
    pub(crate) fn section_of(&self, function: &Function) -> Option<&Section<'a>> {
        self.sections
            .iter()
            .find(|s| s.index == function.start.section)
    }

    /// The places that a table of relative addresses lists, as objtool writes them.
    pub(crate) fn listed(&self, name: &str) -> Vec<Place> {
        let relocations = self.section(name).map(|s| &s.relocations);
        relocations
            .into_iter()
            .flatten()
            .filter_map(|r| r.place)
            .collect()
    }

    /// The functions by name; functions of one name in their order.
    pub(crate) fn by_name(&self) -> HashMap<&str, Vec<&Function>> {
        let mut map: HashMap<&str, Vec<&Function>> = HashMap::new();
        for function in &self.functions {
            map.entry(&function.name).or_default().push(function);
        }
        map
    }
}

fn read_section<'a>(
    file: &object::File<'a>,
    section: &object::Section<'a, '_>,
) -> object::Result<Section<'a>> {
    let flags = match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.0,
        _ => 0,
    };
    let is = |flag: elf::SectionFlags| flags & flag.0 != 0;
    let data = section.data()?;
    let relocations = section
        .relocations()
        .map(|(offset, relocation)| read_relocation(file, data, offset, &relocation))
        .collect();
    Ok(Section {
        name: section.name()?.to_owned(),
        index: section.index().0,
        at: section.file_range().map_or(0, |(at, _)| at),
        alloc: is(SHF_ALLOC),
        write: is(SHF_WRITE),
        exec: is(SHF_EXECINSTR),
        data,
        relocations,
    })
}

fn read_relocation(
    file: &object::File<'_>,
    data: &[u8],
    offset: u64,
    relocation: &object::Relocation,
) -> Relocation {
    let kind = match relocation.flags() {
        RelocationFlags::Elf { r_type } => r_type,
        _ => RelocationType(u32::MAX),
    };
    let target = match relocation.target() {
        RelocationTarget::Symbol(index) => file.symbol_by_index(index).ok(),
        _ => None,
    };
    let name = target.as_ref().and_then(|s| s.name().ok());
    let place = target.as_ref().and_then(|symbol| {
        Some(Place {
            section: symbol.section_index()?.0,
            offset: symbol
                .address()
                .wrapping_add_signed(addend::of(data, offset, relocation)),
        })
    });
    Relocation {
        offset,
        kind,
        symbol: name.unwrap_or_default().to_owned(),
        place,
    }
}
