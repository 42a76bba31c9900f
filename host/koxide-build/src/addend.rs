// SPDX-License-Identifier: MIT OR Apache-2.0

//! What is added to a symbol's address: a relocation says it, or, in objects for 32-bit ARM, the place that it fills in.

use object::elf::{
    R_ARM_CALL, R_ARM_JUMP24, R_ARM_MOVT_ABS, R_ARM_MOVW_ABS_NC, R_ARM_PREL31, RelocationType,
};
use object::{Relocation, RelocationFlags};

/// The addend of a relocation of a section with these bytes.
pub(crate) fn of(data: &[u8], offset: u64, relocation: &Relocation) -> i64 {
    if !relocation.has_implicit_addend() {
        return relocation.addend();
    }
    let RelocationFlags::Elf { r_type } = relocation.flags() else {
        return relocation.addend();
    };
    let word = usize::try_from(offset)
        .ok()
        .and_then(|at| data.get(at..at.checked_add(4)?)?.try_into().ok());
    word.map_or(0, |word| in_word(u32::from_le_bytes(word), r_type))
}

/// The addend that a word has in it, after the kind of relocation.
fn in_word(word: u32, kind: RelocationType) -> i64 {
    let signed = |bits: u32| (word.cast_signed() << (32 - bits)) >> (32 - bits);
    match kind {
        R_ARM_MOVW_ABS_NC | R_ARM_MOVT_ABS => {
            let immediate = ((word >> 4) & 0xf000) | (word & 0xfff);
            i64::from((immediate as u16).cast_signed())
        }
        R_ARM_CALL | R_ARM_JUMP24 => i64::from(signed(24)) * 4,
        R_ARM_PREL31 => i64::from(signed(31)),
        _ => i64::from(word.cast_signed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::elf::R_ARM_ABS32;

    #[test]
    fn addends_are_found_in_what_they_are_added_to() {
        // movw r0, #0x1234
        assert_eq!(in_word(0xe301_0234, R_ARM_MOVW_ABS_NC), 0x1234);
        // A call of what is two instructions on is one with -8: the processor is ahead of itself.
        assert_eq!(in_word(0xebff_fffe, R_ARM_CALL), -8);
        assert_eq!(in_word(0x7fff_fff0, R_ARM_PREL31), -16);
        assert_eq!(in_word(0xffff_fff0, R_ARM_ABS32), -16);
    }
}
