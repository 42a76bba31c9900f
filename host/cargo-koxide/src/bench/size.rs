// SPDX-License-Identifier: MIT OR Apache-2.0

//! The sizes of modules.

use std::path::Path;

use anyhow::Context as _;
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE};
use object::{Object as _, ObjectSection as _, SectionFlags, SectionKind};

use super::Size;

/// What the loader makes room for.
pub(crate) fn of(module: &Path) -> anyhow::Result<Size> {
    let bytes =
        std::fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let file = object::File::parse(&*bytes)
        .with_context(|| format!("{} is not a module", module.display()))?;
    let mut size = Size::default();
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            continue;
        };
        let is = |flag: object::elf::SectionFlags| sh_flags.0 & flag.0 != 0;
        if !is(SHF_ALLOC) {
            continue;
        }
        let room = if section.kind() == SectionKind::UninitializedData {
            &mut size.bss
        } else if is(SHF_WRITE) {
            &mut size.data
        } else if is(SHF_EXECINSTR) {
            &mut size.text
        } else {
            &mut size.rodata
        };
        *room += section.size();
    }
    Ok(size)
}
