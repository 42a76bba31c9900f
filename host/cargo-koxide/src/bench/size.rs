// SPDX-License-Identifier: MIT OR Apache-2.0

//! The sizes of modules, and what brought each byte.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE};
use object::{File, Object as _, ObjectSection as _, Section, SectionFlags, SectionKind};

use super::Size;
use super::origin::{self, Origin};
use super::owners::{Owners, pieces};

/// The table of which each entry says to what place in the code the entry of the same number in [`UNWIND`] belongs.
const UNWIND_PLACES: &str = ".orc_unwind_ip";

/// How the kernel walks the stack at each of these places.
const UNWIND: &str = ".orc_unwind";

/// What a module is made of: bytes by kind, and by what brought them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Anatomy {
    /// Bytes by kind.
    pub(crate) size: Size,
    /// The same bytes by what brought them.
    pub(crate) origins: BTreeMap<Origin, u64>,
    /// Of the bytes before functions and in tables those that can be told apart, by whose code they are about.
    pub(crate) tables: BTreeMap<Origin, u64>,
}

/// Who wrote a module.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Language<'a> {
    /// A driver in Rust; its crate's name.
    Rust(&'a str),
    /// C: all code is the driver's.
    C,
}

/// What a module is made of.
pub(crate) fn of(module: &Path, language: Language<'_>) -> anyhow::Result<Anatomy> {
    let bytes =
        std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    anatomy(&bytes, language).with_context(|| format!("{} is not a module", module.display()))
}

fn anatomy(bytes: &[u8], language: Language<'_>) -> object::Result<Anatomy> {
    let file = File::parse(bytes)?;
    let owners = Owners::of(&file, language)?;
    let mut anatomy = Anatomy::default();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            continue;
        };
        let is = |flag: object::elf::SectionFlags| sh_flags.0 & flag.0 != 0;
        if !is(SHF_ALLOC) || section.size() == 0 {
            continue;
        }
        let name = section.name()?;
        let size = &mut anatomy.size;
        let kind = if section.kind() == SectionKind::UninitializedData {
            &mut size.bss
        } else if is(SHF_WRITE) {
            &mut size.data
        } else if is(SHF_EXECINSTR) {
            &mut size.text
        } else {
            &mut size.rodata
        };
        *kind += section.size();
        // The loader reads these two and lets them go.
        if !matches!(name, "__versions" | ".modinfo") {
            size.loaded += section.size();
        }
        match Origin::of_section(name) {
            Some(origin) => anatomy.add_table(origin, &file, &section, &owners)?,
            None if is(SHF_EXECINSTR) => anatomy.add_code(&section, &owners),
            None => anatomy.add_data(&file, &section, language)?,
        }
    }
    Ok(anatomy)
}

impl Anatomy {
    fn add(&mut self, origin: Origin, bytes: u64) {
        *self.origins.entry(origin).or_default() += bytes;
    }

    /// The bytes of one origin.
    pub(crate) fn of(&self, origin: Origin) -> u64 {
        self.origins.get(&origin).copied().unwrap_or(0)
    }

    /// Adds what belongs to a function and is not its code. What panics have are theirs altogether.
    fn add_beside(&mut self, kind: Origin, owner: Option<Origin>, bytes: u64) {
        match owner {
            Some(Origin::Runtime) => return self.add(Origin::Runtime, bytes),
            Some(owner) => *self.tables.entry(owner).or_default() += bytes,
            None => {}
        }
        self.add(kind, bytes);
    }

    /// Adds one of the kernel's tables.
    fn add_table<'data>(
        &mut self,
        kind: Origin,
        file: &File<'data>,
        section: &Section<'data, '_>,
        owners: &Owners<'_, 'data>,
    ) -> object::Result<()> {
        let name = section.name()?;
        // Entries that have no places of their own are in the order of those that have.
        let places = match name {
            UNWIND => file.section_by_name(UNWIND_PLACES),
            _ => None,
        };
        let with_places = places.as_ref().unwrap_or(section);
        let Some(entry) = origin::entry(with_places.name()?) else {
            self.add(kind, section.size());
            return Ok(());
        };
        let of_entries = owners.of_entries(with_places, entry);
        let each = section.size() / (of_entries.len() as u64).max(1);
        for owner in &of_entries {
            self.add_beside(kind, *owner, each);
        }
        self.add(kind, section.size() - each * of_entries.len() as u64);
        Ok(())
    }

    /// Adds code, function by function, with what stands before each.
    fn add_code(&mut self, section: &Section<'_, '_>, owners: &Owners<'_, '_>) {
        let mut done = 0;
        for function in owners.functions(section.index()) {
            let entry = function.entry();
            self.add_beside(Origin::Entries, Some(function.origin), entry);
            self.add(function.origin, function.end - function.after - entry);
            done = function.end;
        }
        self.add(Origin::Entries, section.size() - done);
    }

    /// Adds constants and variables; those without a symbol are constants.
    fn add_data(
        &mut self,
        file: &File<'_>,
        section: &Section<'_, '_>,
        language: Language<'_>,
    ) -> object::Result<()> {
        let mut named = 0;
        for piece in pieces(file, section, language)? {
            self.add(piece.origin, piece.end - piece.start);
            named += piece.end - piece.start;
        }
        self.add(Origin::Constants, section.size() - named);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use object::write::{Object, Relocation, SectionId, Symbol, SymbolSection};
    use object::{
        Architecture, BinaryFormat, Endianness, RelocationFlags, SectionKind, SymbolFlags,
        SymbolKind, SymbolScope,
    };

    use super::*;

    /// A module in the making.
    struct Toy(Object<'static>);

    impl Toy {
        fn section(&mut self, name: &str, kind: SectionKind, bytes: usize) -> SectionId {
            let id = self.0.add_section(Vec::new(), name.into(), kind);
            self.0.set_section_data(id, vec![0x90; bytes], 1);
            id
        }

        fn symbol(&mut self, section: SectionId, name: &str, value: u64, size: u64) {
            self.0.add_symbol(Symbol {
                name: name.into(),
                value,
                size,
                kind: SymbolKind::Text,
                scope: SymbolScope::Compilation,
                weak: false,
                section: SymbolSection::Section(section),
                flags: SymbolFlags::None,
            });
        }

        /// A table of the kernel's: entries of so many bytes, each about a place in the code.
        fn table(&mut self, name: &str, entry: usize, code: SectionId, places: &[i64]) {
            let bytes = entry * places.len();
            let id = self.section(name, SectionKind::ReadOnlyData, bytes);
            let symbol = self.0.section_symbol(code);
            for (number, place) in places.iter().enumerate() {
                let relocation = Relocation {
                    offset: (number * entry) as u64,
                    symbol,
                    addend: *place,
                    flags: RelocationFlags::Elf {
                        r_type: object::elf::R_X86_64_PC32,
                    },
                };
                self.0.add_relocation(id, relocation).unwrap();
            }
        }

        fn anatomy(&self, language: Language<'_>) -> Anatomy {
            anatomy(&self.0.write().unwrap(), language).unwrap()
        }
    }

    /// A driver's function of 16 bytes, room of 16, one of 32 bytes that panics, room of 8, and a shim of 8 bytes.
    fn toy(panics: &str) -> Toy {
        let elf = BinaryFormat::Elf;
        let mut toy = Toy(Object::new(elf, Architecture::X86_64, Endianness::Little));
        let code = toy.section(".text", SectionKind::Text, 80);
        toy.symbol(code, "init_module", 0, 16);
        toy.symbol(code, "__pfx_panics", 16, 16);
        toy.symbol(code, panics, 32, 32);
        toy.symbol(code, "kx_shim", 72, 8);
        toy.table(".return_sites", 4, code, &[15, 79]);
        toy.table(".orc_unwind_ip", 4, code, &[0, 16, 32, 40, 64, 72, 80]);
        toy.section(".orc_unwind", SectionKind::ReadOnlyData, 6 * 7);
        toy.table("__bug_table", 12, code, &[60]);
        toy
    }

    #[test]
    fn what_is_there_for_panics_is_told_with_its_part_of_the_tables() {
        let panics = "_RNvNtCs5V5hCu8hcfO_4core9panicking9panic_fmt";
        let anatomy = toy(panics).anatomy(Language::Rust("toy"));
        // The function, the room before it, its entry for its bug, and its three places where the stack changes.
        assert_eq!(anatomy.of(Origin::Runtime), 32 + 16 + 12 + 3 * 10);
        assert_eq!(anatomy.of(Origin::Driver), 16);
        assert_eq!(anatomy.of(Origin::Shims), 8);
        assert_eq!(anatomy.of(Origin::Entries), 8);
        // One place is behind all code.
        assert_eq!(anatomy.of(Origin::Unwinding), 4 * 10);
        assert_eq!(anatomy.of(Origin::Places), 2 * 4);
        let tables = [(Origin::Driver, 10 + 4), (Origin::Shims, 8 + 20 + 4)];
        assert_eq!(anatomy.tables, tables.into());
        let all: u64 = anatomy.origins.values().sum();
        assert_eq!(all, anatomy.size.total());
    }

    #[test]
    fn what_another_module_has_for_the_same_is_not_for_panics() {
        let driver = "_RNvNtCs975A94hQpmR_5scull6memory9panic_fmt";
        for anatomy in [
            toy(driver).anatomy(Language::Rust("scull")),
            toy("kx_panic").anatomy(Language::C),
        ] {
            assert_eq!(anatomy.of(Origin::Runtime), 0);
            let all: u64 = anatomy.origins.values().sum();
            assert_eq!(all, anatomy.size.total());
        }
    }
}
