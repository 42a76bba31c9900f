// SPDX-License-Identifier: MIT OR Apache-2.0

//! The instructions of arm64, which all have four bytes.

use super::{Flow, Step, Target};
use crate::check::elf::{Place, Section};

/// The instruction that does nothing.
const NOP: u32 = 0xd503_201f;

/// The jump, without where it leads to.
const JUMP: u32 = 0x1400_0000;

/// What a function's code does, one instruction after the other.
pub(super) fn steps(bytes: &[u8], section: &Section<'_>, start: Place) -> Vec<Step> {
    let words = bytes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b));
    let words = (start.offset..).step_by(4).zip(words);
    let step = |(at, word)| Step {
        at,
        len: 4,
        flow: flow(word, |distance| target(at, distance, section, start)),
    };
    words.map(step).collect()
}

fn flow(word: u32, target: impl Fn(i64) -> Target) -> Flow {
    let far = field(word, 0, 26);
    match word {
        // b, bl
        _ if word & 0xfc00_0000 == JUMP => Flow::Jump(target(far)),
        _ if word & 0xfc00_0000 == 0x9400_0000 => Flow::Call(target(far)),
        _ if condition(word).is_some() => Flow::Branch(target(condition(word).unwrap_or(0))),
        // br, blr, ret; those that check a signature have other bits as well
        _ if word & 0xfe9f_f000 == 0xd61f_0000 => match word >> 21 & 3 {
            0 => Flow::Jump(Target::Elsewhere),
            1 => Flow::Call(Target::Elsewhere),
            _ => Flow::Return,
        },
        // brk, udf
        _ if word & 0xffe0_001f == 0xd420_0000 || word >> 16 == 0 => Flow::End,
        _ => Flow::Next,
    }
}

/// How far a conditional jump leads, in instructions.
fn condition(word: u32) -> Option<i64> {
    match word {
        // b.cond; cbz, cbnz; tbz, tbnz
        _ if word & 0xff00_0010 == 0x5400_0000 => Some(field(word, 5, 19)),
        _ if word & 0x7e00_0000 == 0x3400_0000 => Some(field(word, 5, 19)),
        _ if word & 0x7e00_0000 == 0x3600_0000 => Some(field(word, 5, 14)),
        _ => None,
    }
}

/// A number with a sign, of so many bits.
fn field(word: u32, from: u32, bits: u32) -> i64 {
    let top = word << (32 - from - bits);
    i64::from(top.cast_signed() >> (32 - bits))
}

/// Where a branch leads to: what it has in it, or what the loader is to put there.
fn target(at: u64, distance: i64, section: &Section<'_>, start: Place) -> Target {
    match section.relocations.iter().find(|r| r.offset == at) {
        None => Target::Here(Place {
            section: start.section,
            offset: at.wrapping_add_signed(distance * 4),
        }),
        Some(relocation) => relocation.place.map_or(Target::Elsewhere, Target::Here),
    }
}

/// A conditional jump that is always taken, or never.
pub(super) fn forced(bytes: &[u8], taken: bool) -> Option<Vec<u8>> {
    let distance = condition(u32::from_le_bytes(bytes.try_into().ok()?))?;
    let word = match taken {
        true => JUMP | (distance as u32 & 0x03ff_ffff),
        false => NOP,
    };
    Some(word.to_le_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an assembler writes them.
    const JUMPS: [(u32, u32); 4] = [
        // b.hs .+8; cbz x0, .-4; tbnz w3, #5, .+12; cbnz w1, .+0x100
        (0x5400_0042, 0x1400_0002),
        (0xb4ff_ffe0, 0x17ff_ffff),
        (0x3728_0063, 0x1400_0003),
        (0x3500_0801, 0x1400_0040),
    ];

    #[test]
    fn conditional_jumps_become_jumps_or_nothing() {
        for (word, jump) in JUMPS {
            let bytes = word.to_le_bytes();
            let taken = jump.to_le_bytes().to_vec();
            assert_eq!(forced(&bytes, true), Some(taken), "{word:x}");
            let never = NOP.to_le_bytes().to_vec();
            assert_eq!(forced(&bytes, false), Some(never), "{word:x}");
        }
        // add x0, x0, #1; b .+4; ret
        for word in [0x9100_0400_u32, 0x1400_0001, 0xd65f_03c0] {
            assert_eq!(forced(&word.to_le_bytes(), true), None, "{word:x}");
        }
    }

    #[test]
    fn the_way_of_the_code_is_understood() {
        let of = |word| {
            flow(word, |distance| match distance {
                0 => Target::Elsewhere,
                _ => Target::Return,
            })
        };
        for (word, wanted) in [
            (0x1400_0000, Flow::Jump(Target::Elsewhere)),
            (0x9400_0001, Flow::Call(Target::Return)),
            (0x5400_0042, Flow::Branch(Target::Return)),
            // br x16, blr x8, ret, retaa
            (0xd61f_0200, Flow::Jump(Target::Elsewhere)),
            (0xd63f_0100, Flow::Call(Target::Elsewhere)),
            (0xd65f_03c0, Flow::Return),
            (0xd65f_0bff, Flow::Return),
            // brk #1, udf #0, add x0, x0, #1
            (0xd420_0020, Flow::End),
            (0x0000_0000, Flow::End),
            (0x9100_0400, Flow::Next),
        ] {
            assert_eq!(of(word), wanted, "{word:x}");
        }
    }
}
