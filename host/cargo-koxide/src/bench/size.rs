// SPDX-License-Identifier: MIT OR Apache-2.0

//! The sizes of modules, and what brought each byte.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SectionKind};

use super::Size;
use super::origin::{Origin, is_prefix};

/// How a function begins that may be called through a pointer.
const ENDBR64: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];

/// What a module is made of: bytes by kind, and by what brought them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Anatomy {
    /// Bytes by kind.
    pub(crate) size: Size,
    /// The same bytes by what brought them.
    pub(crate) origins: BTreeMap<Origin, u64>,
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
    let file = object::File::parse(bytes)?;
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
            Some(origin) => anatomy.add(origin, section.size()),
            None => anatomy.add_symbols(&file, &section, is(SHF_EXECINSTR), language)?,
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

    /// Adds a section by its symbols; what is between them are constants or, in code, padding.
    fn add_symbols<'data>(
        &mut self,
        file: &object::File<'data>,
        section: &object::Section<'data, '_>,
        code: bool,
        language: Language<'_>,
    ) -> object::Result<()> {
        let rest = if code {
            Origin::Entries
        } else {
            Origin::Constants
        };
        let data = section.data()?;
        let mut symbols: Vec<_> = file
            .symbols()
            .filter(|symbol| symbol.section_index() == Some(section.index()) && symbol.size() > 0)
            .map(|symbol| Ok((symbol.address(), symbol.size(), symbol.name()?)))
            .collect::<object::Result<_>>()?;
        // Two names of one place count once; the longer one covers the other.
        symbols.sort_by_key(|(start, size, _)| (*start, u64::MAX - size));
        let mut done = 0;
        for (start, size, name) in symbols {
            let end = (start + size).min(section.size());
            let begin = start.max(done);
            if begin >= end {
                continue;
            }
            self.add(rest, begin - done);
            let origin = match language {
                Language::Rust(driver) => Origin::of_symbol(name, driver),
                Language::C if is_prefix(name) => Origin::Entries,
                Language::C => Origin::Driver,
            };
            let at = usize::try_from(begin).unwrap_or(usize::MAX);
            let endbr = code
                && data
                    .get(at..)
                    .is_some_and(|rest| rest.starts_with(&ENDBR64));
            let mark = if endbr { ENDBR64.len() as u64 } else { 0 };
            self.add(Origin::Entries, mark);
            self.add(origin, (end - begin).saturating_sub(mark));
            done = end;
        }
        self.add(rest, section.size() - done);
        Ok(())
    }
}
