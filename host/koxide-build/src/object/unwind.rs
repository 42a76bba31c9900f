// SPDX-License-Identifier: MIT OR Apache-2.0

//! The table by which a panic finds its way up the stack, made of what the compiler says for debuggers and C++.
//!
//! rustc describes in `.eh_frame` where a function keeps its caller's registers, and in `.gcc_except_table` which code is to
//! run when something that it calls panics. Both are programs in small languages with addresses in them, which the kernel's tools
//! do not expect in a module. What a driver needs of it are a few bytes a function, and no address: they are told here, by the
//! names of the functions' sections, and the kernel's own build, which alone knows where the functions come to lie, makes the
//! table of it (`kbuild/place.awk`). kernel/koxide/src/unwind/table.rs reads it.

mod frames;
mod landings;
mod sites;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::path::Path;

use object::{Object, ObjectSection, Relocation, RelocationTarget, SectionIndex, Symbol};

use super::error::{Error, Result};
use super::link::parse;
use crate::arch::Arch;

pub(crate) use frames::Shape;
pub(crate) use landings::Landing;
use landings::Scope;

/// The function that starts the way up: whatever may panic leads to it. kernel/koxide/src/unwind.rs has it.
pub(crate) const RAISE: &str = "kx_raise";

/// The same for what goes on after a landing; compilers know it by this name.
const RESUME: &str = "_Unwind_Resume";

/// What the borders of calls for a device and for the module lead to; kernel/koxide/src/entry/poison.rs has them. Names in that module, as
/// rustc mangles them: functions with names for a linker would be kept for it, and with them what they write to.
const FOR_DEVICE: &str = "15device_panicked";
const FOR_MODULE: &str = "15module_panicked";

/// What the way up calls the word that borders compare, and the name of that; kernel/koxide/src/entry/poison.rs has it.
pub(crate) const STATE: [&str; 2] = ["kx_poison_state", "5STATE"];

/// Whether a symbol is what has this name in `entry::poison` of the library, or a copy of it that the optimiser has made; nothing of a driver's
/// is, whatever it is called.
pub(crate) fn is_in_poison(symbol: &str, name: &str) -> bool {
    let end = || {
        // The crate's name comes after a hash, of letters and digits.
        let (hash, path) = symbol.strip_prefix("_RNvNtNtCs")?.split_once('_')?;
        let is_hash = hash.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let item = path.strip_prefix("6kernel5entry6poison")?;
        item.strip_prefix(name).filter(|_| is_hash)
    };
    end().is_some_and(|end| end.is_empty() || end.starts_with('.'))
}

/// The table, for which the kernel's build has the room.
pub(crate) const TABLE: &str = "kx_unwind";

/// A function that has callers to be found, or something to run, when what it calls panics.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    /// Its section.
    section: String,
    /// How long it is.
    len: u16,
    /// Where it keeps its caller's registers.
    shape: Shape,
    /// What it runs, in the order of its calls.
    landings: Vec<Landing>,
}

/// What is known of all functions of an object.
#[derive(Debug, Default)]
pub(crate) struct Unwind {
    functions: Vec<Function>,
    /// The section of [`RAISE`].
    raise: String,
}

impl Unwind {
    /// Reads rustc's `bytes`; of the functions those that are in the sections `kept` and may be on the stack when something
    /// panics. Nothing of objects in which nothing does.
    pub(crate) fn read(
        path: &Path,
        bytes: &[u8],
        arch: Arch,
        kept: &BTreeSet<&str>,
    ) -> Result<Self> {
        let file = parse(path, bytes)?;
        let named = sites::Names::of(&file, kept);
        let Some(raise) = named.function(RAISE) else {
            return Ok(Self::default());
        };
        let reader = Reader {
            path,
            file: &file,
            arch,
        };
        let frames = frames::Frames::read(&reader)?;
        let borders = [
            (named.in_poison(FOR_MODULE), Scope::Module),
            (named.in_poison(FOR_DEVICE), Scope::Device),
        ];
        let mut functions = Vec::new();
        for found in sites::may_panic(&reader, &named, &[RAISE, RESUME])? {
            let name = named.section(found.section);
            let unclear = |why: &str| reader.unclear(name, why);
            let frame = frames.of(found.section);
            let frame = frame.ok_or_else(|| unclear("has no frame"))?;
            let leads_to = |all: &[SectionIndex]| all.iter().any(|at| found.to.contains(&at.0));
            let mut borders = borders.iter().filter(|(at, _)| leads_to(at));
            let scope = borders.next().map_or(Scope::Nothing, |(_, scope)| *scope);
            if borders.next().is_some() {
                return Err(unclear("is the border of a device and of the module"));
            }
            let landings = match frame.landings {
                Some(at) => landings::read(&reader, name, at, scope)?,
                None => Vec::new(),
            };
            let shape = frame.shape(&reader, name, &found.calls)?;
            let len = u16::try_from(frame.len).map_err(|_| unclear("is longer than 64 KiB"))?;
            functions.push(Function {
                section: name.to_owned(),
                len,
                shape,
                landings,
            });
        }
        let unwind = Self {
            functions,
            raise: named.section(raise).to_owned(),
        };
        match unwind.fits() {
            true => Ok(unwind),
            false => Err(reader.form("it has more functions than a panic's table has room for")),
        }
    }

    /// Whether the table's numbers have room for it.
    fn fits(&self) -> bool {
        let shapes: BTreeSet<&Shape> = self.functions.iter().map(|f| &f.shape).collect();
        let landings = self.functions.iter().map(|f| f.landings.len());
        let most = usize::from(u16::MAX);
        shapes.len() <= 1 << 8 && landings.sum::<usize>() <= most && self.functions.len() <= most
    }

    /// The words for the script that places the functions: a line for each shape, function and landing.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        if self.functions.is_empty() {
            return out;
        }
        let _ = writeln!(out, "raise {}", self.raise);
        let mut shapes: BTreeMap<&Shape, usize> = BTreeMap::new();
        for function in &self.functions {
            let next = shapes.len();
            let shape = *shapes.entry(&function.shape).or_insert_with(|| {
                let _ = writeln!(out, "shape {}", function.shape);
                next
            });
            let _ = writeln!(
                out,
                "function {} {} {shape}",
                function.section, function.len
            );
            for landing in &function.landings {
                let _ = writeln!(out, "landing {landing}");
            }
        }
        out
    }
}

/// An object, and what is said when it is not understood.
struct Reader<'a> {
    path: &'a Path,
    file: &'a object::File<'a>,
    arch: Arch,
}

impl Reader<'_> {
    /// A function for which no table can be made.
    fn unclear(&self, function: &str, why: &str) -> Error {
        Error::Unwind {
            function: function.trim_start_matches(".text.").to_owned(),
            why: why.to_owned(),
        }
    }

    /// What the tables themselves are wrong in.
    fn form(&self, why: impl ToString) -> Error {
        Error::Form {
            path: self.path.to_owned(),
            why: why.to_string(),
        }
    }

    /// The symbol that a relocation is about, if it is about one.
    fn target(&self, relocation: &Relocation) -> Result<Option<Symbol<'_, '_>>> {
        match relocation.target() {
            RelocationTarget::Symbol(symbol) => {
                let symbol = self.file.symbol_by_index(symbol);
                symbol.map(Some).map_err(|e| self.form(e))
            }
            _ => Ok(None),
        }
    }

    /// Where each section is taken to be, so that addresses in tables tell sections apart.
    fn layout(&self) -> HashMap<SectionIndex, u64> {
        let mut next = 1 << 16;
        let place = |section: object::Section<'_, '_>| {
            let at = next;
            next += section.size().next_multiple_of(16) + 16;
            (section.index(), at)
        };
        self.file.sections().map(place).collect()
    }
}
