// SPDX-License-Identifier: MIT OR Apache-2.0

//! Whose code is where in a module, and whose code an entry of a table is about.

use std::collections::HashMap;

use object::{
    File, Object as _, ObjectSection as _, ObjectSymbol as _, Relocation, RelocationTarget,
    Section, SectionIndex,
};

use super::origin::{Origin, is_prefix};
use super::size::Language;

/// How a function begins that may be called through a pointer.
const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

/// The functions of a module.
pub(super) struct Owners<'a, 'data> {
    file: &'a File<'data>,
    functions: HashMap<SectionIndex, Vec<Function>>,
}

/// A function, and what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Function {
    /// Where the function before it ended: from there on is what it needs before its first byte.
    pub(super) after: u64,
    /// Its first byte.
    start: u64,
    /// Behind its last byte.
    pub(super) end: u64,
    /// Whether it begins with `endbr64`.
    marked: bool,
    /// Whose it is.
    pub(super) origin: Origin,
}

impl Function {
    /// Alignment, the room for the kernel's patches, and the mark at the beginning.
    pub(super) fn entry(&self) -> u64 {
        self.start - self.after + if self.marked { ENDBR64.len() as u64 } else { 0 }
    }
}

/// A symbol with a size: from where to where, and what it is.
pub(super) struct Piece {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) origin: Origin,
}

/// The symbols of a section in their order; two names of one place count once, and the longer one covers the other.
pub(super) fn pieces(
    file: &File<'_>,
    section: &Section<'_, '_>,
    language: Language<'_>,
) -> object::Result<Vec<Piece>> {
    let mut symbols: Vec<_> = file
        .symbols()
        .filter(|symbol| symbol.section_index() == Some(section.index()) && symbol.size() > 0)
        .map(|symbol| Ok((symbol.address(), symbol.size(), symbol.name()?)))
        .collect::<object::Result<_>>()?;
    symbols.sort_by_key(|(start, size, _)| (*start, u64::MAX - size));
    let mut pieces = Vec::new();
    let mut done = 0;
    for (start, size, name) in symbols {
        // The room before a function, as objtool names it where calls are counted.
        if is_prefix(name) {
            continue;
        }
        let (start, end) = (start.max(done), (start + size).min(section.size()));
        if start >= end {
            continue;
        }
        let origin = match language {
            Language::Rust(driver) => Origin::of_symbol(name, driver),
            Language::C => Origin::Driver,
        };
        done = end;
        pieces.push(Piece { start, end, origin });
    }
    Ok(pieces)
}

impl<'a, 'data> Owners<'a, 'data> {
    /// Reads the symbols of all sections with code.
    pub(super) fn of(file: &'a File<'data>, language: Language<'_>) -> object::Result<Self> {
        let mut functions = HashMap::new();
        for section in file.sections() {
            if section.kind() != object::SectionKind::Text {
                continue;
            }
            let data = section.data()?;
            let mut after = 0;
            let of_section = pieces(file, &section, language)?.into_iter().map(|piece| {
                let begin = usize::try_from(piece.start).unwrap_or(usize::MAX);
                let function = Function {
                    after,
                    start: piece.start,
                    end: piece.end,
                    marked: data
                        .get(begin..)
                        .is_some_and(|code| code.starts_with(&ENDBR64)),
                    origin: piece.origin,
                };
                after = piece.end;
                function
            });
            functions.insert(section.index(), of_section.collect());
        }
        Ok(Self { file, functions })
    }

    /// The functions of a section with code, in their order.
    pub(super) fn functions(&self, section: SectionIndex) -> &[Function] {
        self.functions.get(&section).map_or(&[], Vec::as_slice)
    }

    /// Whose a place is that has a function, or what stands before one.
    fn at(&self, section: SectionIndex, address: u64) -> Option<Origin> {
        let functions = self.functions(section);
        let next = functions.partition_point(|function| function.end <= address);
        functions.get(next).map(|function| function.origin)
    }

    /// Whose code each entry of a table is about, in the table's order; none where there is no such code.
    ///
    /// An entry has the place in the code first, or has no other.
    pub(super) fn of_entries(&self, table: &Section<'data, '_>, entry: u64) -> Vec<Option<Origin>> {
        let count = usize::try_from(table.size() / entry).unwrap_or(0);
        let mut owners = vec![None; count];
        for (offset, relocation) in table.relocations() {
            let number = usize::try_from(offset / entry).unwrap_or(usize::MAX);
            if let Some(owner @ None) = owners.get_mut(number) {
                *owner = self.target(&relocation);
            }
        }
        owners
    }

    /// Whose the code is that a relocation points to.
    fn target(&self, relocation: &Relocation) -> Option<Origin> {
        let RelocationTarget::Symbol(symbol) = relocation.target() else {
            return None;
        };
        let symbol = self.file.symbol_by_index(symbol).ok()?;
        let address = symbol.address().checked_add_signed(relocation.addend())?;
        self.at(symbol.section_index()?, address)
    }
}
