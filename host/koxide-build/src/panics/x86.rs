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
