// SPDX-License-Identifier: MIT OR Apache-2.0

//! How a debugger finds callers in a kernel's own functions: kernels for x86_64 have a table of their own for that (ORC),
//! and debuggers read another (`.debug_frame`).

use object::{Object as _, ObjectSection as _};

/// The numbers of registers and the like in the kernel's table.
mod orc {
    /// The size of an entry.
    pub(super) const ENTRY: usize = 6;
    /// What the frame's end is counted from.
    pub(super) const BP: u16 = 4;
    pub(super) const SP: u16 = 5;
    /// The caller's frame pointer is at an offset from the frame's end.
    pub(super) const SAVED: u16 = 1;
}

/// The same in the debugger's.
mod dwarf {
    pub(super) const RBP: u8 = 6;
    pub(super) const RSP: u8 = 7;
    pub(super) const RETURN: u8 = 16;
    pub(super) const ADVANCE: u8 = 0x04;
    pub(super) const UNDEFINED: u8 = 0x07;
    pub(super) const SAME: u8 = 0x08;
    pub(super) const FRAME: u8 = 0x0c;
    pub(super) const AT: u8 = 0x80;
}

/// How many places share a record: the debugger goes through all of one that it needs.
const TOGETHER: usize = 64;

/// How a frame looks from a place in the code on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    from: u64,
    /// How far its end is from where it is counted from.
    size: i16,
    /// How far the caller's frame pointer is from its end.
    saved: i16,
    bits: u16,
}

impl Entry {
    fn base(self) -> u16 {
        self.bits & 0xf
    }

    fn frame_pointer(self) -> u16 {
        self.bits >> 4 & 0xf
    }

    /// Which kind of frame it is: kernels number them differently.
    fn kind(self) -> u16 {
        self.bits >> 8 & 7
    }
}

/// The table for a debugger, from an unpacked kernel; nothing when it has none that is understood.
pub(super) fn debug_frame(vmlinux: &[u8]) -> Option<Vec<u8>> {
    let entries = entries(vmlinux)?;
    // Frames of calls are by far the most; others are where the kernel is entered, and nothing is above them.
    let mut kinds = [0; 8];
    for entry in entries.iter().filter(|entry| entry.base() == orc::SP) {
        kinds[usize::from(entry.kind())] += 1;
    }
    let call = (0..8).max_by_key(|kind| kinds[usize::from(*kind)])?;
    let mut table = Vec::new();
    // Version 4, no augmentation, eight bytes an address; then the units of code and data, and the return address.
    let mut common = vec![0xff, 0xff, 0xff, 0xff, 4, 0, 8, 0, 1, 0x78, dwarf::RETURN];
    append(&mut table, &mut common);
    for (index, chunk) in entries.chunks(TOGETHER).enumerate() {
        let next = entries.get((index + 1) * TOGETHER);
        let end = next.map_or(chunk[chunk.len() - 1].from + 1, |next| next.from);
        let mut record = vec![0; 4];
        record.extend(chunk[0].from.to_le_bytes());
        record.extend((end - chunk[0].from).to_le_bytes());
        let mut at = chunk[0].from;
        for entry in chunk {
            let step = u32::try_from(entry.from - at).ok()?;
            record.push(dwarf::ADVANCE);
            record.extend(step.to_le_bytes());
            at = entry.from;
            rules(&mut record, *entry, call);
        }
        append(&mut table, &mut record);
    }
    Some(table)
}

/// The kernel's table, in the order of the code.
fn entries(vmlinux: &[u8]) -> Option<Vec<Entry>> {
    let file = object::File::parse(vmlinux).ok()?;
    let places = file.section_by_name(".orc_unwind_ip")?;
    let frames = file.section_by_name(".orc_unwind")?;
    let (places_at, places) = (places.address(), places.data().ok()?);
    let entry = |(index, (place, frame)): (usize, (&[u8], &[u8]))| {
        let distance = i32::from_le_bytes(place.try_into().ok()?);
        let half = |at: usize| Some([*frame.get(at)?, *frame.get(at + 1)?]);
        let own = places_at + 4 * u64::try_from(index).ok()?;
        Some(Entry {
            from: own.wrapping_add_signed(distance.into()),
            size: i16::from_le_bytes(half(0)?),
            saved: i16::from_le_bytes(half(2)?),
            bits: u16::from_le_bytes(half(4)?),
        })
    };
    let frames = frames.data().ok()?.chunks_exact(orc::ENTRY);
    let pairs = places.chunks_exact(4).zip(frames).enumerate();
    let mut all: Vec<Entry> = pairs.map(entry).collect::<Option<_>>()?;
    all.sort_by_key(|entry| entry.from);
    (!all.is_empty()).then_some(all)
}

/// What holds from a place on.
fn rules(record: &mut Vec<u8>, entry: Entry, call: u16) {
    let base = match entry.base() {
        orc::SP => dwarf::RSP,
        orc::BP => dwarf::RBP,
        _ => return record.extend([dwarf::UNDEFINED, dwarf::RETURN]),
    };
    let Ok(size) = u64::try_from(entry.size) else {
        return record.extend([dwarf::UNDEFINED, dwarf::RETURN]);
    };
    if entry.kind() != call {
        return record.extend([dwarf::UNDEFINED, dwarf::RETURN]);
    }
    record.extend([dwarf::FRAME, base]);
    number(record, size);
    // The return address is the last of a frame.
    record.extend([dwarf::AT | dwarf::RETURN, 1]);
    let saved = u64::from(entry.saved.unsigned_abs());
    if entry.frame_pointer() == orc::SAVED && entry.saved < 0 {
        record.push(dwarf::AT | dwarf::RBP);
        number(record, saved / 8);
    } else {
        record.extend([dwarf::SAME, dwarf::RBP]);
    }
}

/// Adds a record with its length before it, filled up to whole addresses.
fn append(table: &mut Vec<u8>, record: &mut Vec<u8>) {
    // No operation is 0.
    let whole = (record.len() + 4).next_multiple_of(8) - 4;
    record.resize(whole, 0);
    let length = u32::try_from(record.len()).unwrap_or(u32::MAX);
    table.extend(length.to_le_bytes());
    table.append(record);
}

/// A number in as many bytes as it takes.
fn number(record: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return record.push(low);
        }
        record.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel's table of these entries: place, size, the frame pointer's offset, bits.
    fn rules_of(size: i16, saved: i16, bits: u16) -> Vec<u8> {
        let entry = Entry {
            from: 0,
            size,
            saved,
            bits,
        };
        let mut record = Vec::new();
        rules(&mut record, entry, 2);
        record
    }

    #[test]
    fn frames_become_rules() {
        // 300 bytes from the stack pointer, the frame pointer saved below the return address.
        let said = rules_of(300, -16, 0x200 | orc::SAVED << 4 | orc::SP);
        assert_eq!(said, [0x0c, 7, 0xac, 2, 0x90, 1, 0x86, 2]);
        let said = rules_of(16, 0, 0x200 | orc::BP);
        assert_eq!(said, [0x0c, 6, 16, 0x90, 1, 0x08, 6]);
        // Nothing is above it: an entry of the kernel, and a place that the table knows nothing of.
        assert_eq!(rules_of(8, 0, 0x300 | orc::SP), [0x07, 16]);
        assert_eq!(rules_of(0, 0, 0), [0x07, 16]);
    }

    #[test]
    fn what_is_no_kernel_has_no_table() {
        assert_eq!(debug_frame(b"text"), None);
    }
}
