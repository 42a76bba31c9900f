// SPDX-License-Identifier: MIT OR Apache-2.0

//! Which line of the source an instruction of a driver is from.
//!
//! The object that is shipped has no line tables. rustc's own output has, and is kept beside it: the same functions, each
//! in a section of its own, before the linker chose among them. Linkers move functions and change nothing inside of
//! them, so that a function's name and an offset, as the kernel logs them, mean the same in both.

mod frames;
mod symbols;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use addr2line::Context;
use gimli::{Dwarf, EndianArcSlice, LittleEndian, SectionId};
use object::{
    File, Object as _, ObjectSection as _, ObjectSymbol as _, Relocation, RelocationKind,
    RelocationTarget, SectionIndex, SectionKind, SymbolKind,
};

use crate::cache;
use crate::object::Error;

pub use symbols::{ModuleSymbols, kernel_symbols, module_symbols};

/// Where the first function is taken to be: what is gone counts as being at 0.
const FIRST: u64 = 1 << 20;

/// The lines of a driver's object.
pub struct Lines {
    context: Context<EndianArcSlice<LittleEndian>>,
    functions: HashMap<String, u64>,
}

/// A place in the source that an instruction is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function's own name; nothing for one that the tables do not name.
    pub function: Option<String>,
    /// The file, as rustc wrote it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Lines {
    /// Reads the file that [`crate::Artefact::lines`] names.
    ///
    /// # Errors
    /// When it cannot be read, or is no object with line tables.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let form = |why: String| Error::Form {
            path: path.to_owned(),
            why,
        };
        let bytes = fs::read(path).map_err(|e| cache::Error::io("read", path, e))?;
        let file = File::parse(&*bytes).map_err(|e| form(e.to_string()))?;
        let layout = Layout::behind(&file, FIRST);
        let table = |id| {
            let bytes = layout.table(&file, id)?;
            Ok(EndianArcSlice::new(Arc::from(bytes), LittleEndian))
        };
        let dwarf = Dwarf::load(table);
        let dwarf = dwarf.map_err(|e: object::Error| form(e.to_string()))?;
        let context = Context::from_dwarf(dwarf).map_err(|e| form(e.to_string()))?;
        Ok(Self {
            context,
            functions: layout.functions(&file),
        })
    }

    /// Where the instruction is from that is `offset` behind a function's start: the innermost of functions that the
    /// compiler made one of comes first. Nothing for functions that are not the driver's.
    pub fn at(&self, function: &str, offset: u64) -> Vec<Frame> {
        let Some(start) = self.functions.get(function) else {
            return Vec::new();
        };
        // What is in a log may be anything.
        let Some(address) = start.checked_add(offset) else {
            return Vec::new();
        };
        let frames = self.context.find_frames(address).skip_all_loads();
        let mut found = Vec::new();
        let Ok(mut frames) = frames else {
            return found;
        };
        while let Ok(Some(frame)) = frames.next() {
            let Some(location) = frame.location else {
                continue;
            };
            let name = frame.function.as_ref().and_then(|f| f.raw_name().ok());
            if let (Some(file), Some(line)) = (location.file, location.line) {
                found.push(Frame {
                    function: name.map(Cow::into_owned),
                    file: file.to_owned(),
                    line,
                });
            }
        }
        found
    }
}

/// Where the sections with code are taken to be. In the file each is at 0. One that is nowhere is no part of what the tables
/// are about.
#[derive(Default)]
struct Layout(HashMap<SectionIndex, u64>);

impl Layout {
    /// One after the other, from an address on.
    fn behind(file: &File<'_>, first: u64) -> Self {
        let mut next = first;
        let code = file.sections().filter(|s| s.kind() == SectionKind::Text);
        let place = |section: object::Section<'_, '_>| {
            let at = next.next_multiple_of(section.align().max(1));
            next = at + section.size();
            (section.index(), at)
        };
        Self(code.map(place).collect())
    }

    /// Takes a section to be somewhere else.
    fn put(&mut self, section: SectionIndex, address: u64) {
        self.0.insert(section, address);
    }

    /// The functions that are in them.
    fn functions(&self, file: &File<'_>) -> HashMap<String, u64> {
        let code = file.symbols().filter(|s| s.kind() == SymbolKind::Text);
        let place = |symbol: object::Symbol<'_, '_>| {
            let section = self.0.get(&symbol.section_index()?)?;
            Some((symbol.name().ok()?.to_owned(), section + symbol.address()))
        };
        code.filter_map(place).collect()
    }

    /// A table's contents, with the addresses filled in that the linker would have; empty when there is no such table.
    fn table(&self, file: &File<'_>, id: SectionId) -> object::Result<Vec<u8>> {
        let Some(section) = file.section_by_name(id.name()) else {
            return Ok(Vec::new());
        };
        let mut bytes = section.uncompressed_data()?.into_owned();
        for (offset, relocation) in section.relocations() {
            // As linkers have it: what is nowhere begins at 0, but a pair of zeros would end a list of ranges.
            let nowhere = u64::from(id == SectionId::DebugRanges);
            self.fill(file, &mut bytes, offset, &relocation, nowhere);
        }
        Ok(bytes)
    }

    /// Fills in one address. Others than plain ones do not occur in tables.
    fn fill(
        &self,
        file: &File<'_>,
        bytes: &mut [u8],
        offset: u64,
        relocation: &Relocation,
        nowhere: u64,
    ) {
        let RelocationTarget::Symbol(symbol) = relocation.target() else {
            return;
        };
        let width = usize::from(relocation.size()) / 8;
        let place = usize::try_from(offset).ok();
        let place = place.and_then(|at| bytes.get_mut(at..at.checked_add(width)?));
        let (Some(place), Ok(symbol)) = (place, file.symbol_by_index(symbol)) else {
            return;
        };
        if relocation.kind() != RelocationKind::Absolute || width > 8 {
            return;
        }
        let section = symbol
            .section_index()
            .and_then(|index| file.section_by_index(index).ok());
        let is_code = section
            .as_ref()
            .is_some_and(|s| s.kind() == SectionKind::Text);
        let address = section.and_then(|section| self.0.get(&section.index()));
        if is_code && address.is_none() {
            place.copy_from_slice(&nowhere.to_le_bytes()[..width]);
            return;
        }
        let mut value = address.unwrap_or(&0) + symbol.address();
        if relocation.has_implicit_addend() {
            let mut addend = [0; 8];
            addend[..width].copy_from_slice(place);
            value = value.wrapping_add(u64::from_le_bytes(addend));
        }
        value = value.wrapping_add_signed(relocation.addend());
        place.copy_from_slice(&value.to_le_bytes()[..width]);
    }
}
