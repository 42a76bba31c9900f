// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a module refers to: relocations, exports, licences, CRCs, the ABI's version.

use object::elf::*;

use super::elf::Elf;
use super::error::Error;
use super::target::Target;
use crate::arch::Arch;
use crate::object::is_kasans;
use crate::object::target::Target as Object;

/// What arch/x86/kernel/module.c applies.
const X86_64: &[RelocationType] = &[
    R_X86_64_NONE,
    R_X86_64_64,
    R_X86_64_32,
    R_X86_64_32S,
    R_X86_64_PC32,
    R_X86_64_PLT32,
    R_X86_64_PC64,
];

/// What arch/arm64/kernel/module.c applies, of that what compilers make.
const ARM64: &[RelocationType] = &[
    R_AARCH64_NONE,
    R_AARCH64_ABS64,
    R_AARCH64_ABS32,
    R_AARCH64_ABS16,
    R_AARCH64_PREL64,
    R_AARCH64_PREL32,
    R_AARCH64_PREL16,
    R_AARCH64_MOVW_UABS_G0,
    R_AARCH64_MOVW_UABS_G0_NC,
    R_AARCH64_MOVW_UABS_G1,
    R_AARCH64_MOVW_UABS_G1_NC,
    R_AARCH64_MOVW_UABS_G2,
    R_AARCH64_MOVW_UABS_G2_NC,
    R_AARCH64_MOVW_UABS_G3,
    R_AARCH64_LD_PREL_LO19,
    R_AARCH64_ADR_PREL_LO21,
    R_AARCH64_ADR_PREL_PG_HI21,
    R_AARCH64_ADR_PREL_PG_HI21_NC,
    R_AARCH64_ADD_ABS_LO12_NC,
    R_AARCH64_LDST8_ABS_LO12_NC,
    R_AARCH64_LDST16_ABS_LO12_NC,
    R_AARCH64_LDST32_ABS_LO12_NC,
    R_AARCH64_LDST64_ABS_LO12_NC,
    R_AARCH64_LDST128_ABS_LO12_NC,
    R_AARCH64_TSTBR14,
    R_AARCH64_CONDBR19,
    R_AARCH64_JUMP26,
    R_AARCH64_CALL26,
];

/// What arch/arm/kernel/module.c applies to code that is not Thumb.
const ARM: &[RelocationType] = &[
    R_ARM_NONE,
    R_ARM_ABS32,
    R_ARM_TARGET1,
    R_ARM_PC24,
    R_ARM_CALL,
    R_ARM_JUMP24,
    R_ARM_V4BX,
    R_ARM_PREL31,
    R_ARM_REL32,
    R_ARM_MOVW_ABS_NC,
    R_ARM_MOVT_ABS,
    R_ARM_MOVW_PREL_NC,
    R_ARM_MOVT_PREL,
];

/// Licences that the kernel takes for GPL (include/linux/license.h).
const GPL: [&str; 6] = [
    "GPL",
    "GPL v2",
    "GPL and additional rights",
    "Dual BSD/GPL",
    "Dual MIT/GPL",
    "Dual MPL/GPL",
];

/// How long a name in the table of CRCs can be, with the zero at its end (MODULE_NAME_LEN).
const VERSION_ENTRY: usize = 64;

/// Every relocation of what is loaded is one that the loader applies.
pub(crate) fn relocations(ko: &Elf<'_>, target: &Target) -> Result<(), Error> {
    let applied = match target.arch {
        Arch::X86_64 => X86_64,
        Arch::Arm64 => ARM64,
        Arch::Arm => ARM,
    };
    for section in ko.sections.iter().filter(|s| s.alloc) {
        let mut bad = section.relocations.iter();
        if let Some(bad) = bad.find(|r| !applied.contains(&r.kind)) {
            return Err(Error::Relocation {
                section: section.name.clone(),
                symbol: bad.symbol.clone(),
                kind: bad.kind.0,
            });
        }
    }
    Ok(())
}

/// What the Rust object leaves open is a shim's, given by the kernel's build, or its sanitizer's.
pub(crate) fn foreign(rust: &Elf<'_>, target: &Target) -> Result<(), Error> {
    let given = Object::of(target.arch);
    let checks = |name: &str| target.kasan.is_some() && is_kasans(name);
    let foreign = |name: &str| !name.starts_with("kx_") && !given.is_given(name) && !checks(name);
    let names = rust.undefined.iter().map(|(name, _)| name.clone());
    let symbols: Vec<String> = names.filter(|name| foreign(name)).collect();
    if symbols.is_empty() {
        Ok(())
    } else {
        Err(Error::Foreign { symbols })
    }
}

/// The object's ABI version is the shims'.
pub(crate) fn abi(ko: &Elf<'_>) -> Result<(), Error> {
    let names = ko.undefined.iter().map(|(name, _)| name.clone());
    match unresolved(names.filter(|name| name.starts_with("kx_")).collect(), "") {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// The reason behind symbols that nothing defines.
pub(crate) fn unresolved(symbols: Vec<String>, release: &str) -> Option<Error> {
    if let Some(object) = symbols.iter().find_map(|s| s.strip_prefix("kx_abi_")) {
        return Some(Error::AbiVersion {
            object: object.to_owned(),
        });
    }
    let shims: Vec<String> = symbols
        .iter()
        .filter(|s| s.starts_with("kx_"))
        .cloned()
        .collect();
    if !shims.is_empty() {
        return Some(Error::NoShim { symbols: shims });
    }
    (!symbols.is_empty()).then(|| Error::NotExported {
        release: release.to_owned(),
        symbols,
    })
}

/// Symbols that the kernel must provide.
fn needed<'a>(ko: &'a Elf<'_>) -> impl Iterator<Item = &'a str> {
    let strong = ko.undefined.iter().filter(|(_, weak)| !weak);
    // The loader knows this one; linkers put it in.
    strong
        .map(|(name, _)| name.as_str())
        .filter(|name| *name != "_GLOBAL_OFFSET_TABLE_")
}

/// The kernel exports everything that is needed; returns the modules that must be loaded before.
pub(crate) fn exports(ko: &Elf<'_>, target: &Target, release: &str) -> Result<Vec<String>, Error> {
    let mut missing = Vec::new();
    let mut modules = Vec::new();
    for name in needed(ko) {
        match target.exports.get(name) {
            None => missing.push(name.to_owned()),
            Some(export) => modules.extend(export.module.clone()),
        }
    }
    if let Some(error) = unresolved(missing, release) {
        return Err(error);
    }
    modules.sort();
    modules.dedup();
    Ok(modules)
}

/// Nothing that is for GPL modules only is used by another.
pub(crate) fn licence(ko: &Elf<'_>, target: &Target) -> Result<(), Error> {
    let license = modinfo(ko, "license").unwrap_or_default();
    if GPL.contains(&license.as_str()) {
        return Ok(());
    }
    let gpl_only = |name: &&str| target.exports.get(*name).is_some_and(|e| e.gpl_only);
    let symbols: Vec<String> = needed(ko).filter(gpl_only).map(str::to_owned).collect();
    if symbols.is_empty() {
        return Ok(());
    }
    Err(Error::GplOnly { symbols })
}

/// The value of the first record of that key in a module's information.
pub(crate) fn modinfo(ko: &Elf<'_>, key: &str) -> Option<String> {
    let data = ko.section(".modinfo")?.data;
    data.split(|byte| *byte == 0).find_map(|record| {
        let (name, value) = str::from_utf8(record).ok()?.split_once('=')?;
        (name == key).then(|| value.to_owned())
    })
}

/// On a kernel that compares prototypes, the module carries the CRC of everything it needs.
pub(crate) fn versions(ko: &Elf<'_>, target: &Target) -> Result<(), Error> {
    if !target.modversions {
        return Ok(());
    }
    let table = ko.section("__versions").map_or(&[][..], |s| s.data);
    let recorded = |name: &str| {
        table.chunks_exact(VERSION_ENTRY).find_map(|entry| {
            let (crc, text) = entry.split_at_checked(target.arch.word())?;
            let text = text.split(|byte| *byte == 0).next()?;
            let crc = u32::from_le_bytes(crc[..4].try_into().ok()?);
            (text == name.as_bytes()).then_some(crc)
        })
    };
    for name in needed(ko).chain(["module_layout"]) {
        let Some(export) = target.exports.get(name) else {
            continue;
        };
        if recorded(name) != Some(export.crc) {
            return Err(Error::Crc {
                symbol: name.to_owned(),
            });
        }
    }
    Ok(())
}
