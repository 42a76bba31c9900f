// SPDX-License-Identifier: MIT OR Apache-2.0

//! Where functions keep what they must give back to their callers: `.eh_frame`.

use std::collections::HashMap;
use std::fmt;

use gimli::{
    BaseAddresses, CfaRule, CieOrFde, EhFrame, LittleEndian, Pointer, Register, RegisterRule,
    UnwindContext, UnwindSection as _, UnwindTableRow, Vendor,
};
use object::{Object, ObjectSection, ObjectSymbol, RelocationKind, SectionIndex};

use super::super::error::Result;
use super::Reader;
use crate::addend;
use crate::arch::Arch;

/// What the numbers that debuggers have for registers mean.
struct Registers {
    /// The stack pointer.
    stack: u16,
    /// The frame pointer.
    frame: u16,
    /// What a function gives back as it was, in the order that the table has. kernel/koxide/src/unwind has the same.
    kept: &'static [u16],
}

impl Registers {
    fn of(arch: Arch) -> Self {
        match arch {
            Arch::X86_64 => Self {
                stack: 7,
                frame: 6,
                // rbx, rbp, r12 to r15.
                kept: &[3, 6, 12, 13, 14, 15],
            },
            Arch::Arm64 | Arch::Arm => Self {
                stack: 31,
                frame: 29,
                // x19 to x28, the frame pointer, and where to return to.
                kept: &[19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30],
            },
        }
    }
}

/// How far a frame's end is from a register, and how far from there each of the caller's registers is, in words of eight bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    /// The highest bit tells that it is the frame pointer, and not the stack pointer.
    end: u16,
    /// 0 for one that still has the caller's value.
    slots: Vec<u8>,
}

/// Counts from the frame pointer.
const FROM_FRAME: u16 = 1 << 15;

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.end)?;
        self.slots.iter().try_for_each(|slot| write!(f, " {slot}"))
    }
}

impl Shape {
    fn of(row: &UnwindTableRow<usize>, registers: &Registers) -> std::result::Result<Self, String> {
        let words = |bytes: i64| match bytes % 8 {
            0 => u16::try_from(bytes / 8).ok(),
            _ => None,
        };
        // A landing would find the stack pointer where it is during the call, and not where it was before.
        if row.saved_args_size() != 0 {
            return Err("pushes arguments for its calls".to_owned());
        }
        let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else {
            return Err("has a frame whose end is computed".to_owned());
        };
        let size = words(*offset).filter(|size| size & FROM_FRAME == 0);
        let size = size.ok_or_else(|| format!("has a frame of {offset} bytes"))?;
        let end = match register.0 {
            at if at == registers.stack => size,
            at if at == registers.frame => size | FROM_FRAME,
            at => return Err(format!("has a frame that begins at register {at}")),
        };
        let slot = |number: &u16| match row.register(Register(*number)) {
            None | Some(RegisterRule::Undefined | RegisterRule::SameValue) => Ok(0),
            Some(RegisterRule::Offset(at)) => words(-at)
                .and_then(|slot| u8::try_from(slot).ok())
                .filter(|slot| *slot != 0)
                .ok_or_else(|| format!("keeps register {number} {at} bytes from its frame's end")),
            Some(other) => Err(format!("keeps register {number} as {other:?}")),
        };
        let slots = registers
            .kept
            .iter()
            .map(slot)
            .collect::<std::result::Result<_, _>>()?;
        Ok(Self { end, slots })
    }
}

/// What is said of a function.
pub(super) struct Frame {
    /// Its length in bytes.
    pub(super) len: u64,
    /// Where what it runs when something panics is told.
    pub(super) landings: Option<(SectionIndex, u64)>,
    /// From which of its bytes on it keeps things how.
    rows: Vec<(u64, std::result::Result<Shape, String>)>,
}

impl Frame {
    /// How it keeps things during `calls`, which are told by where they return to.
    pub(super) fn shape(&self, reader: &Reader<'_>, name: &str, calls: &[u64]) -> Result<Shape> {
        let at = |call: &u64| {
            let row = self.rows.iter().rev().find(|(from, _)| from < call);
            row.map_or(Err("has no frame".to_owned()), |(_, shape)| shape.clone())
        };
        let mut shapes = calls.iter().map(at);
        let first = shapes
            .next()
            .unwrap_or_else(|| Err("calls nothing".to_owned()));
        let first = first.map_err(|why| reader.unclear(name, &why))?;
        if shapes.any(|shape| shape.as_ref() != Ok(&first)) {
            return Err(reader.unclear(name, "has several frames"));
        }
        Ok(first)
    }
}

/// All that `.eh_frame` says, by the functions' sections.
#[derive(Default)]
pub(super) struct Frames(HashMap<SectionIndex, Frame>);

impl Frames {
    pub(super) fn of(&self, section: SectionIndex) -> Option<&Frame> {
        self.0.get(&section)
    }

    pub(super) fn read(reader: &Reader<'_>) -> Result<Self> {
        let Some(section) = reader.file.section_by_name(".eh_frame") else {
            return Ok(Self::default());
        };
        let layout = reader.layout();
        let here = layout[&section.index()];
        let bytes = filled(reader, &section, here, &layout)?;
        let mut table = EhFrame::new(&bytes, LittleEndian);
        if reader.arch == Arch::Arm64 {
            table.set_vendor(Vendor::AArch64);
        }
        let bases = BaseAddresses::default().set_eh_frame(here);
        let registers = Registers::of(reader.arch);
        let mut context = UnwindContext::new();
        let mut frames = HashMap::new();
        let mut entries = table.entries(&bases);
        while let Some(entry) = entries.next().map_err(|e| reader.form(e))? {
            let CieOrFde::Fde(entry) = entry else {
                continue;
            };
            let entry = entry.parse(|table, bases, at| table.cie_from_offset(bases, at));
            let entry = entry.map_err(|e| reader.form(e))?;
            let start = entry.initial_address();
            let Some((function, _)) = layout.iter().find(|(_, at)| **at == start) else {
                return Err(reader.form(format!("a frame is of no section's start: {start:#x}")));
            };
            let mut rows = Vec::new();
            let all = entry.rows(&table, &bases, &mut context);
            let mut all = all.map_err(|e| reader.form(e))?;
            while let Some(row) = all.next_row().map_err(|e| reader.form(e))? {
                rows.push((row.start_address() - start, Shape::of(row, &registers)));
            }
            let landings = entry
                .lsda()
                .map(|at| place(reader, &layout, at))
                .transpose()?;
            let frame = Frame {
                len: entry.len(),
                landings,
                rows,
            };
            frames.insert(*function, frame);
        }
        Ok(Self(frames))
    }
}

/// The section in which an address is, and how far in.
fn place(
    reader: &Reader<'_>,
    layout: &HashMap<SectionIndex, u64>,
    at: Pointer,
) -> Result<(SectionIndex, u64)> {
    let Pointer::Direct(at) = at else {
        return Err(reader.form("a table of landings is where a pointer says"));
    };
    let before = layout.iter().filter(|(_, start)| **start <= at);
    let (section, start) = before
        .max_by_key(|(_, start)| **start)
        .ok_or_else(|| reader.form("a table of landings is nowhere"))?;
    Ok((*section, at - start))
}

/// The table's bytes with the addresses that a linker would have filled in.
fn filled(
    reader: &Reader<'_>,
    section: &object::Section<'_, '_>,
    here: u64,
    layout: &HashMap<SectionIndex, u64>,
) -> Result<Vec<u8>> {
    let mut bytes = section.data().map_err(|e| reader.form(e))?.to_vec();
    for (offset, relocation) in section.relocations() {
        let Some(symbol) = reader.target(&relocation)? else {
            continue;
        };
        // What is defined nowhere here is how C++ would read the table.
        let base = symbol.section_index().and_then(|index| layout.get(&index));
        let target = base.map_or(0, |base| base + symbol.address());
        let added = addend::of(&bytes, offset, &relocation);
        let value = target.wrapping_add_signed(added);
        let value = match relocation.kind() {
            RelocationKind::Absolute => value,
            RelocationKind::Relative => value.wrapping_sub(here + offset),
            other => return Err(reader.form(format!("a frame has a relocation {other:?}"))),
        };
        let width = usize::from(relocation.size() / 8).min(8);
        let at = usize::try_from(offset).ok();
        let at = at.and_then(|at| bytes.get_mut(at..at.checked_add(width)?));
        let at = at.ok_or_else(|| reader.form("a frame's relocation is outside of the table"))?;
        at.copy_from_slice(&value.to_le_bytes()[..width]);
    }
    Ok(bytes)
}
