// SPDX-License-Identifier: MIT OR Apache-2.0

//! The instructions of x86_64.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};

use super::{Flow, Step, Target};
use crate::check::elf::{Place, Section};

/// The instruction that does nothing, in one byte.
const NOP: u8 = 0x90;

/// What a function's code does, one instruction after the other.
pub(super) fn steps(bytes: &[u8], section: &Section<'_>, start: Place) -> Vec<Step> {
    let mut decoder = Decoder::with_ip(64, bytes, start.offset, DecoderOptions::NONE);
    decoder.iter().map(|i| step(&i, section, start)).collect()
}

fn step(instruction: &Instruction, section: &Section<'_>, start: Place) -> Step {
    let target = || target(instruction, section, start);
    Step {
        at: instruction.ip(),
        len: instruction.len() as u64,
        flow: match instruction.flow_control() {
            FlowControl::Next | FlowControl::XbeginXabortXend => Flow::Next,
            FlowControl::UnconditionalBranch => Flow::Jump(target()),
            FlowControl::IndirectBranch => Flow::Jump(Target::Elsewhere),
            FlowControl::ConditionalBranch => Flow::Branch(target()),
            FlowControl::Return => Flow::Return,
            FlowControl::Call => Flow::Call(target()),
            FlowControl::IndirectCall => Flow::Call(Target::Elsewhere),
            FlowControl::Interrupt | FlowControl::Exception => Flow::End,
        },
    }
}

/// Where a branch leads to: what it has in it, or what the loader is to put there.
fn target(instruction: &Instruction, section: &Section<'_>, start: Place) -> Target {
    let range = instruction.ip()..instruction.next_ip();
    let filled_in = section
        .relocations
        .iter()
        .find(|r| range.contains(&r.offset));
    match filled_in {
        None => Target::Here(Place {
            section: start.section,
            offset: instruction.near_branch_target(),
        }),
        Some(relocation) if relocation.symbol == "__x86_return_thunk" => Target::Return,
        Some(relocation) => match relocation.place {
            // It is relative to the end of the field, not to its beginning.
            Some(place) => Target::Here(Place {
                section: place.section,
                offset: place.offset.wrapping_add(4),
            }),
            None => Target::Elsewhere,
        },
    }
}

/// A conditional jump that is always taken, or never, in as many bytes.
pub(super) fn forced(bytes: &[u8], taken: bool) -> Option<Vec<u8>> {
    // Prefixes, which hint or pad, come before.
    let len = bytes.len();
    let short = len.checked_sub(2).filter(|at| bytes[*at] & 0xf0 == 0x70);
    let near = len
        .checked_sub(6)
        .filter(|at| bytes[*at] == 0x0f && bytes[at + 1] & 0xf0 == 0x80);
    let mut forced = vec![NOP; len];
    match (taken, near, short) {
        (_, None, None) => return None,
        (false, ..) => {}
        (true, Some(at), _) => {
            forced[at + 1] = 0xe9;
            forced[at + 2..].copy_from_slice(&bytes[at + 2..]);
        }
        (true, None, Some(at)) => {
            forced[at] = 0xeb;
            forced[at + 1] = bytes[at + 1];
        }
    }
    Some(forced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditional_jumps_become_jumps_or_nothing() {
        for (bytes, jump) in [
            // jo .+4; jae .-2; jo .+0x106; the last with a prefix that pads
            (&[0x70, 0x02][..], &[0xeb, 0x02][..]),
            (&[0x73, 0xfc], &[0xeb, 0xfc]),
            (&[0x0f, 0x80, 0, 1, 0, 0], &[0x90, 0xe9, 0, 1, 0, 0]),
            (&[0x2e, 0x73, 0xfc], &[0x90, 0xeb, 0xfc]),
        ] {
            assert_eq!(forced(bytes, true).as_deref(), Some(jump), "{bytes:x?}");
            let never = forced(bytes, false).unwrap();
            assert_eq!(never, vec![NOP; bytes.len()], "{bytes:x?}");
        }
        // jmp .+4; add rax, 0x70
        for other in [&[0xeb, 0x02][..], &[0x48, 0x83, 0xc0, 0x70]] {
            assert_eq!(forced(other, true), None, "{other:x?}");
        }
    }

    /// A check of each kind: one that jumps to its panic, and one that jumps over it.
    #[test]
    fn a_panic_is_found_with_the_checks_in_front_of_it() {
        let code = [
            0x70, 0x08, // 0: jo 10
            0x73, 0x05, // 2: jae 9
            0xe8, 0x17, 0, 0, 0,    // 4: call 32, which panics
            0xc3, // 9: ret
            0xe8, 0x11, 0, 0, 0, // 10: call 32, which panics
        ];
        let section = Section {
            name: ".text".to_owned(),
            index: 1,
            at: 0x40,
            alloc: true,
            write: false,
            exec: true,
            data: &code,
            relocations: Vec::new(),
        };
        let place = |offset| Place { section: 1, offset };
        let function = crate::check::elf::Function {
            name: "f".to_owned(),
            start: place(0),
            size: 15,
        };
        let code = super::super::Code {
            steps: steps(&code, &section, function.start),
            function: &function,
            section: &section,
            forced,
        };
        let panics = [(place(32), "panic")].into();
        let checks = |call| super::super::checks(&code, call, &panics);
        let first = checks(2);
        assert_eq!((first.len(), first[0].at), (1, 0x42));
        assert_eq!(first[0].bytes, [NOP, NOP]);
        let second = checks(4);
        assert_eq!((second.len(), second[0].at), (1, 0x40));
        assert_eq!(second[0].bytes, [0xeb, 0x08]);
    }
}
