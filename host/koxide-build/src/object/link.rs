// SPDX-License-Identifier: MIT OR Apache-2.0

//! Makes one relocatable object of what rustc left in an archive: unused code goes, sections are merged.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use koxide_process::Command;
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};

use crate::addend;
use crate::arch::Arch;
use crate::cache;
use crate::gnu::Gnu;

use super::error::{Error, Result};
use super::info::{self, Info};
use super::kasan::is_kasans;
use super::tables::{self, Table};
use super::target::Target;
use super::unwind::{self, Unwind};
use super::variant::Variant;

/// How the sections of the Rust object are merged. The kernels' own scripts merge none, and each section of a module
/// costs memory and an entry in sysfs. Functions stay apart: what has to be between them, each kernel says. The tables that C++
/// would find its way up the stack by are read before this, and are not in modules; nor is what would read them.
const SCRIPT: &str = "
SECTIONS {
	/DISCARD/ : { *(.data.DW.ref.*) *(.text.rust_eh_personality) }
	.rodata 0 : {
		*(.rodata .rodata.* .rodata..*)
		. = ALIGN(8);
		PROVIDE(kx_suites_start = .);
		KEEP(*(.koxide.suites))
		PROVIDE(kx_suites_end = .);
	}
	.data..ro_after_init 0 : { *(.data..ro_after_init .data..ro_after_init.* .data.rel.ro .data.rel.ro.*) }
	.data 0 : { *(.data .data.*) }
	.bss 0 : { *(.bss .bss.* COMMON) }
	/DISCARD/ : {
		*(.koxide.info .koxide.tables)
		*(.comment .note .note.* .stack_sizes .llvm_addrsig .llvmbc .llvmcmd)
		*(.eh_frame .eh_frame_hdr .gcc_except_table .gcc_except_table.*)
		*(.debug_*)
	}
}
";

/// What is added for a kernel with a sanitizer: functions that the loader calls before the module's init, to tell the
/// kernel where the room between statics is.
const CONSTRUCTORS: &str =
    "\t.init_array 0 : ALIGN(8) { KEEP(*(SORT(.init_array.*) .init_array)) }\n";

/// Largest frame of one function.
const MOST_STACK: u64 = 1024;

/// The same where there is room between the variables; such kernels have larger stacks.
const MOST_STACK_SPACED: u64 = 4 * MOST_STACK;

/// What the object in an archive says and needs.
#[derive(Debug)]
pub(crate) struct Linked {
    pub(crate) info: Info,
    /// The `kx_*` functions that it calls, sorted.
    pub(crate) used: Vec<String>,
    /// The function tables that the C file is to have.
    pub(crate) tables: Vec<Table>,
    /// How a panic finds its way up the stack.
    pub(crate) unwind: Unwind,
    /// Whether it looks at what is poisoned.
    pub(crate) compares: bool,
}

impl Linked {
    /// Whether there is a panic that leads somewhere.
    pub(crate) fn panics(&self) -> bool {
        self.used.iter().any(|shim| shim == "kx_panic")
    }
}

/// What [`link`] leaves in its folder: the object as rustc made it.
pub(crate) const INPUT: &str = "driver.o";

/// Links the driver's object from `archive` into `out`; `work` is for files in between.
pub(crate) fn link(archive: &Path, work: &Path, out: &Path, variant: &Variant) -> Result<Linked> {
    let target = Target::of(variant.arch);
    let tools = Gnu::of(variant.arch);
    let kasan = variant.kasan.is_some();
    let bytes = read(archive)?;
    let member = driver_member(archive, &bytes)?;
    let info = records(archive, member)?;
    let input = work.join(INPUT);
    cache::write(&input, member)?;
    let tables = tables::read(archive, member)?;
    let referred = tables::addresses(&tables);
    let state = state(archive, member)?;
    globalize(&tools, &input, referred.iter().copied().chain(state))?;
    let script = work.join("object.ld");
    let text = match kasan {
        true => SCRIPT.replacen("\t.rodata 0", &format!("{CONSTRUCTORS}\t.rodata 0"), 1),
        false => SCRIPT.to_owned(),
    };
    cache::write(&script, text.as_bytes())?;
    let mut ld = Command::new(tools.name("ld"));
    ld.args(["-r", "-m", target.emulation])
        .args(["--gc-sections", "-e", "init_module"])
        .args(["-u", "cleanup_module"])
        // What shims of another version do not define.
        .arg(format!("--undefined=kx_abi_{}", info.abi))
        .args(referred.iter().map(|name| format!("--undefined={name}")))
        // Where no border may be reached by a panic it is never looked at.
        .arg(format!(
            "--defsym={}={}",
            unwind::STATE[0],
            state.unwrap_or("init_module")
        ))
        .args(
            info.params
                .iter()
                .map(|p| format!("--undefined=kx_param_{}", p.name)),
        )
        .arg("-T")
        .arg(&script)
        .arg("-o")
        .arg(out)
        .arg(&input);
    ld.output()?;
    forget_unreferenced(&tools, out, &format!("kx_abi_{}", info.abi))?;
    let linked = read(out)?;
    let file = parse(out, &linked)?;
    if file
        .symbols()
        .any(|symbol| symbol.name().is_ok_and(|name| name.contains(BUILD_ERROR)))
    {
        return Err(Error::BuildAssert);
    }
    let mut used = undefined(&file, target, kasan)?;
    used.extend(tables::uses(&tables));
    let limit = if kasan { MOST_STACK_SPACED } else { MOST_STACK };
    frames(archive, member, &file, limit)?;
    let compares = file.symbols().any(|s| s.name().is_ok_and(is_state));
    let kept = file.sections().filter_map(|s| s.name().ok()).collect();
    let unwind = Unwind::read(archive, member, variant.arch, &kept)?;
    Ok(Linked {
        info,
        used,
        tables,
        unwind,
        compares,
    })
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| cache::Error::io("read", path, e).into())
}

pub(crate) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<object::File<'a>> {
    let form = |why: String| Error::Form {
        path: path.to_owned(),
        why,
    };
    let file = object::File::parse(bytes).map_err(|e| form(e.to_string()))?;
    let known = Arch::ALL.map(|arch| Target::of(arch).elf);
    if !known.contains(&file.architecture()) {
        return Err(form("it is for another architecture".to_owned()));
    }
    Ok(file)
}

/// The member that holds the driver: the one with a module's records.
fn driver_member<'a>(archive: &Path, bytes: &'a [u8]) -> Result<&'a [u8]> {
    let form = |e: object::Error| Error::Form {
        path: archive.to_owned(),
        why: e.to_string(),
    };
    let parsed = ArchiveFile::parse(bytes).map_err(form)?;
    for member in parsed.members() {
        let data = member.map_err(form)?.data(bytes).map_err(form)?;
        // Members that are no objects hold code for a later optimisation, which is done already.
        let Ok(file) = object::File::parse(data) else {
            continue;
        };
        if file.section_by_name(info::SECTION).is_some() {
            return Ok(data);
        }
    }
    Err(Error::Records {
        why: format!("it has no section {}", info::SECTION),
    })
}

fn records(path: &Path, object: &[u8]) -> Result<Info> {
    let file = parse(path, object)?;
    let mut text = Vec::new();
    // Each `#[used]` static may have a section of its own.
    for section in file.sections() {
        if section.name() == Ok(info::SECTION) {
            text.extend_from_slice(section.data().unwrap_or_default());
        }
    }
    info::parse(&text)
}

/// What borders compare, which is in the object unless the optimiser found that it never changes.
fn state<'a>(path: &Path, object: &'a [u8]) -> Result<Option<&'a str>> {
    let file = parse(path, object)?;
    let names = file.symbols().filter_map(|symbol| symbol.name().ok());
    let mut states = names.filter(|name| is_state(name));
    let state = states.next();
    match states.next() {
        None => Ok(state),
        Some(other) => Err(Error::Form {
            path: path.to_owned(),
            why: format!("the library is in it twice: {other}"),
        }),
    }
}

fn is_state(symbol: &str) -> bool {
    unwind::is_in_poison(symbol, unwind::STATE[1])
}

/// What the C file or a script refers to, the linker keeps and does not hide.
fn globalize<'a>(tools: &Gnu, object: &Path, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let names: Vec<_> = names
        .map(|name| format!("--globalize-symbol={name}"))
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    let mut objcopy = Command::new(tools.name("objcopy"));
    objcopy.args(names).arg(object).output()?;
    Ok(())
}

/// Removes the names that only code has referred to which is gone: ld keeps them, and each would be linked with the module, or be
/// what a trace calls another function. That of the shims' version is never referred to.
fn forget_unreferenced(tools: &Gnu, object: &Path, version: &str) -> Result<()> {
    let bytes = read(object)?;
    let file = parse(object, &bytes)?;
    let targets = file.sections().flat_map(|section| section.relocations());
    let referenced: HashSet<_> = targets.map(|(_, at)| at.target()).collect();
    let mut objcopy = Command::new(tools.name("objcopy"));
    let mut any = false;
    for symbol in file.symbols() {
        let name = symbol.name().unwrap_or_default();
        let may_go = symbol.is_undefined() || name == unwind::STATE[0];
        let is_referenced = referenced.contains(&RelocationTarget::Symbol(symbol.index()));
        if may_go && !is_referenced && !name.is_empty() && name != version {
            objcopy.arg(format!("--strip-symbol={name}"));
            any = true;
        }
    }
    if any {
        objcopy.arg(object).output()?;
    }
    Ok(())
}

/// The function of the library that a `build_assert!` calls if it fails. One that cannot fail leaves no trace of it.
/// Its path, as rustc mangles it.
const BUILD_ERROR: &str = "12build_assert13___build_error";

/// The shims that an object calls; anything else that is undefined is an error.
fn undefined(file: &object::File<'_>, target: &Target, kasan: bool) -> Result<Vec<String>> {
    let mut used = Vec::new();
    let mut foreign = Vec::new();
    for symbol in file.symbols().filter(ObjectSymbol::is_undefined) {
        match symbol.name() {
            Ok("") | Err(_) => {}
            Ok(name) if name.starts_with(tables::PREFIX) || name == unwind::TABLE => {}
            Ok(name) if name.starts_with("kx_") => used.push(name.to_owned()),
            Ok(name) if target.is_given(name) || kasan && is_kasans(name) => {}
            Ok(name) => foreign.push(name.to_owned()),
        }
    }
    used.sort();
    foreign.sort();
    if foreign.is_empty() {
        return Ok(used);
    }
    Err(Error::Undefined {
        hint: hint(&foreign),
        symbols: foreign,
    })
}

fn hint(symbols: &[String]) -> &'static str {
    let any = |test: &dyn Fn(&str) -> bool| symbols.iter().any(|s| test(s));
    if any(&|s| s.ends_with("ti3") || s.ends_with("ti4")) {
        "multiply and divide in 64 bits, not in 128"
    } else if any(&|s| {
        ["sf", "df", "sfsi", "dfsi"]
            .iter()
            .any(|end| s.contains(end))
            && s.starts_with("__")
    }) {
        "the kernel has no floating point"
    } else if any(&|s| s.starts_with("_R") || s.starts_with("rust_")) {
        "a dependency was built apart from the driver, or declares functions of the kernel's own Rust code"
    } else {
        "drivers reach the kernel through the `kernel` library only"
    }
}

/// Refuses functions with large frames: a stack overflow is the fault that nothing contains.
fn frames(path: &Path, input: &[u8], linked: &object::File<'_>, limit: u64) -> Result<()> {
    let kept: std::collections::HashSet<&str> = linked
        .symbols()
        .filter(|s| s.is_definition())
        .filter_map(|s| s.name().ok())
        .collect();
    let file = parse(path, input)?;
    let address = if file.is_64() { 8 } else { 4 };
    for section in file.sections() {
        if section.name() != Ok(".stack_sizes") {
            continue;
        }
        let data = section.data().unwrap_or_default();
        for (offset, relocation) in section.relocations() {
            let Some(function) = target_name(&file, data, offset, &relocation) else {
                continue;
            };
            let size = usize::try_from(offset)
                .ok()
                .and_then(|o| data.get(o + address..));
            let bytes = size.map_or(0, leb128);
            if bytes > limit && kept.contains(function.as_str()) {
                return Err(Error::Frame {
                    function,
                    bytes,
                    limit,
                });
            }
        }
    }
    Ok(())
}

/// The function that a relocation points at, which may name the function's section.
fn target_name(
    file: &object::File<'_>,
    data: &[u8],
    offset: u64,
    relocation: &object::Relocation,
) -> Option<String> {
    let object::RelocationTarget::Symbol(index) = relocation.target() else {
        return None;
    };
    let symbol = file.symbol_by_index(index).ok()?;
    if symbol.kind() != object::SymbolKind::Section {
        return symbol.name().ok().map(str::to_owned);
    }
    let section = symbol.section_index()?;
    let addend = u64::try_from(addend::of(data, offset, relocation)).ok()?;
    let function = file.symbols().find(|s| {
        s.section_index() == Some(section)
            && s.address() == addend
            && s.kind() == object::SymbolKind::Text
    })?;
    function.name().ok().map(str::to_owned)
}

fn leb128(bytes: &[u8]) -> u64 {
    let mut value = 0;
    for (i, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_sizes_are_read() {
        assert_eq!(leb128(&[0x08]), 8);
        assert_eq!(leb128(&[0x80, 0x10, 0xff]), 2048);
    }

    #[test]
    fn undefined_symbols_come_with_advice() {
        let hint = |name: &str| hint(&[name.to_owned()]);
        assert!(hint("__udivti3").contains("64 bits"));
        assert!(hint("__adddf3").contains("floating point"));
        assert!(hint("_RNvCs1_4core9panicking").contains("dependency"));
        let target = Target::of(Arch::X86_64);
        assert!(target.is_given("__x86_indirect_thunk_r11") && !target.is_given("printk"));
        assert!(!Target::of(Arch::Arm64).is_given("__x86_indirect_thunk_r11"));
    }
}
