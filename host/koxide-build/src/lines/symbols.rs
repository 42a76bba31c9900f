// SPDX-License-Identifier: MIT OR Apache-2.0

//! What a debugger needs of a kernel and of a module in it: symbols, and the module's lines.
//!
//! Both files have one section for code and nothing in it, since the debugger reads code from the machine.

use std::fs;
use std::path::Path;

use gimli::SectionId;
use object::build::elf::{Builder, SectionData, SectionId as BuiltId};
use object::elf;
use object::{File, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};

use super::Layout;
use super::frames::debug_frame;
use crate::arch::Arch;
use crate::cache;
use crate::object::Error;

/// Sections that a debugger reads.
const TABLES: [SectionId; 9] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAranges,
    SectionId::DebugFrame,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugStr,
];

/// The function through which the kernel enters a module.
const INIT: &str = "init_module";

/// The file of symbols for a kernel, from what its `/proc/kallsyms` says; lines that are of no function are passed over.
/// Nothing when there is none that is. How callers are found is taken from the kernel's file, where that is unpacked.
pub fn kernel_symbols(arch: Arch, kallsyms: &str, image: &[u8]) -> Option<Vec<u8>> {
    let function = |line: &str| {
        let mut words = line.split_whitespace();
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        let kind = words.next()?;
        let name = words.next()?;
        // Those of modules have their module's name behind them.
        let own = matches!(kind, "t" | "T" | "w" | "W") && words.next().is_none();
        (own && address > 0).then(|| (name.to_owned(), address))
    };
    let mut functions: Vec<_> = kallsyms.lines().filter_map(function).collect();
    functions.sort_by_key(|(_, address)| *address);
    let (first, last) = (functions.first()?.1, functions.last()?.1);
    let mut output = Output::new(arch, first, last - first + 1);
    for (name, address) in functions {
        output.function(&name, address, 0);
    }
    if let Some(table) = debug_frame(image) {
        output.table(SectionId::DebugFrame.name(), table);
    }
    output.bytes().ok()
}

/// Where a module's code is in the file of its symbols: not at 0, where debuggers take code to be gone.
const START: u64 = 1 << 20;

/// The symbols and lines of a module. A debugger is told where its `.text` is.
#[derive(Debug)]
pub struct ModuleSymbols {
    /// The file.
    pub bytes: Vec<u8>,
    /// Where in `.text` the kernel enters the module.
    pub init: u64,
}

/// Reads the symbols of a linked module, and what [`crate::Artefact::lines`] has of its lines.
///
/// # Errors
/// When a file cannot be read, or is none of a module.
pub fn module_symbols(arch: Arch, module: &Path, lines: &Path) -> Result<ModuleSymbols, Error> {
    let form = |path: &Path, why: &dyn ToString| Error::Form {
        path: path.to_owned(),
        why: why.to_string(),
    };
    let read = |path: &Path| fs::read(path).map_err(|e| cache::Error::io("read", path, e));
    let (module_bytes, lines_bytes) = (read(module)?, read(lines)?);
    let linked = File::parse(&*module_bytes).map_err(|e| form(module, &e))?;
    let compiled = File::parse(&*lines_bytes).map_err(|e| form(lines, &e))?;
    let text = linked.section_by_name(".text");
    let text = text.ok_or_else(|| form(module, &"it has no .text"))?;
    let functions: Vec<(&str, u64, u64)> = linked
        .symbols()
        .filter(|s| s.kind() == SymbolKind::Text && s.section_index() == Some(text.index()))
        .filter_map(|s| Some((s.name().ok()?, s.address(), s.size())))
        .collect();
    let at = |name: &str| {
        functions
            .iter()
            .find(|(other, ..)| *other == name)
            .map(|f| f.1)
    };
    let init = at(INIT).ok_or_else(|| form(module, &"it has no init_module in .text"))?;

    let mut output = Output::new(arch, START, text.size());
    for (name, address, size) in &functions {
        output.function(name, START + address, *size);
    }
    let mut layout = Layout::default();
    for symbol in compiled.symbols().filter(|s| s.kind() == SymbolKind::Text) {
        if let (Some(section), Ok(name)) = (symbol.section_index(), symbol.name())
            && let Some(address) = at(name)
        {
            layout.put(section, START + address - symbol.address());
        }
    }
    for id in TABLES {
        let table = layout.table(&compiled, id).map_err(|e| form(lines, &e))?;
        if !table.is_empty() {
            output.table(id.name(), table);
        }
    }
    let bytes = output.bytes().map_err(|e| form(module, &e))?;
    Ok(ModuleSymbols { bytes, init })
}

/// A file for a debugger while it is written.
struct Output {
    builder: Builder<'static>,
    text: BuiltId,
}

impl Output {
    /// One with a section for code.
    fn new(arch: Arch, start: u64, size: u64) -> Self {
        let (machine, is_64) = match arch {
            Arch::X86_64 => (elf::EM_X86_64, true),
            Arch::Arm64 => (elf::EM_AARCH64, true),
            Arch::Arm => (elf::EM_ARM, false),
        };
        let mut builder = Builder::new(object::Endianness::Little, is_64);
        builder.header.e_type = elf::ET_EXEC;
        builder.header.e_machine = machine;
        let text = builder.sections.add();
        text.name = b".text"[..].into();
        text.sh_type = elf::SHT_NOBITS;
        text.sh_flags = elf::SHF_ALLOC | elf::SHF_EXECINSTR;
        text.sh_addr = start;
        text.sh_addralign = 16;
        text.data = SectionData::UninitializedData(size);
        let text = text.id();
        Self { builder, text }
    }

    fn function(&mut self, name: &str, address: u64, size: u64) {
        let symbol = self.builder.symbols.add();
        symbol.name = name.as_bytes().to_vec().into();
        symbol.section = Some(self.text);
        symbol.set_st_info(elf::STB_GLOBAL, elf::STT_FUNC);
        symbol.st_value = address;
        symbol.st_size = size;
    }

    fn table(&mut self, name: &str, bytes: Vec<u8>) {
        let section = self.builder.sections.add();
        section.name = name.as_bytes().to_vec().into();
        section.sh_type = elf::SHT_PROGBITS;
        section.sh_addralign = 1;
        section.data = SectionData::Data(bytes.into());
    }

    fn bytes(mut self) -> Result<Vec<u8>, object::build::Error> {
        let strings: [(&[u8], _, _); 3] = [
            (b".symtab", elf::SHT_SYMTAB, SectionData::Symbol),
            (b".strtab", elf::SHT_STRTAB, SectionData::String),
            (b".shstrtab", elf::SHT_STRTAB, SectionData::SectionString),
        ];
        for (name, kind, data) in strings {
            let section = self.builder.sections.add();
            section.name = name.to_vec().into();
            section.sh_type = kind;
            section.sh_addralign = 8;
            section.data = data;
        }
        self.builder.set_section_sizes();
        let mut bytes = Vec::new();
        self.builder.write(&mut bytes)?;
        Ok(bytes)
    }
}
