// SPDX-License-Identifier: GPL-2.0-only

//! The parts of the way up that need no stack of their own.

#![allow(unsafe_code, reason = "makes a table")]
#![allow(dead_code, reason = "the other parts use the rest")]

#[path = "message.rs"]
mod message;
#[path = "table.rs"]
mod table;

/// That of x86_64.
mod arch {
    pub(super) const KEPT: usize = 6;
}

use std::sync::OnceLock;
use std::vec::Vec;

use message::Message;
use table::{Fate, Table};

/// The header of a table, as kbuild/place.awk writes it: a long word, two short ones.
fn header(raise: u32, functions: u16, landings: u16) -> Vec<u16> {
    let mut words = long(raise);
    words.extend([functions, landings]);
    words
}

fn long(word: u32) -> Vec<u16> {
    [word as u16, (word >> 16) as u16].into()
}

fn function(place: u32, shape: u32, len: u16, landings: u16) -> Vec<u16> {
    [long(place | shape << 24), [len, landings].into()].concat()
}

/// A shape whose slots are bytes.
fn shape(end: u16, slots: [u8; 6]) -> Vec<u16> {
    let slots = slots
        .as_chunks()
        .0
        .iter()
        .map(|two| u16::from_le_bytes(*two));
    [end].into_iter().chain(slots).collect()
}

const CATCHES: u16 = 1 << 15;
const FOR_DEVICE: u16 = 1 << 14;
const FOR_MODULE: u16 = 1 << 13;

/// Where the code is.
const TEXT: usize = 0x10_0000;

/// Three functions, of which the second one has landings, and a gap between the last ones.
fn example() -> Table<'static> {
    let words = [
        header(0x40, 3, 4),
        function(0x100, 0, 0x20, 0),
        function(0x120, 1, 0x100, 4),
        function(0x300, 0, 0x10, 0),
        [0x10, 0x10, 0x80].into(),
        [0x20, 8 | CATCHES | FOR_DEVICE, 0x90].into(),
        [0x28, 8 | CATCHES | FOR_MODULE, 0xa0].into(),
        [0x30, 8 | FOR_DEVICE | FOR_MODULE, 0xb0].into(),
        shape(3, [0, 2, 0, 0, 0, 0]),
        shape(0x8002, [4, 2, 0, 0, 3, 5]),
    ]
    .concat();
    // Long words are where such are.
    static ALIGNED: OnceLock<Vec<u32>> = OnceLock::new();
    let long = |two: &[u16]| u32::from(two[0]) | u32::from(*two.get(1).unwrap_or(&0)) << 16;
    let aligned = ALIGNED.get_or_init(|| words.chunks(2).map(long).collect());
    // SAFETY: it is one, and stays.
    unsafe { Table::new(aligned.as_ptr().cast()) }
}

#[test]
fn a_call_is_found_by_where_it_returns_to() {
    let table = example();
    assert_eq!(table.text(TEXT + 0x40), TEXT);
    let none = |back| table.site(TEXT, TEXT + back).is_none();
    // Before the first function, in the gap, behind the last one, and outside of the module.
    for back in [0, 0x100, 0x221, 0x300, 0x311] {
        assert!(none(back), "{back:#x}");
    }
    assert!(table.site(TEXT, TEXT - 1).is_none() && table.site(TEXT, usize::MAX).is_none());
    let pad = |back| {
        let site = table.site(TEXT, TEXT + back).unwrap();
        site.fate.is(Fate::ANY).then_some(site.pad)
    };
    // A function's last call may return behind its end, where the next one begins.
    for back in [0x101, 0x120, 0x121, 0x130, 0x159, 0x220, 0x301, 0x310] {
        assert_eq!(pad(back), None, "{back:#x}");
    }
    for back in [0x131, 0x140] {
        assert_eq!(pad(back), Some(TEXT + 0x1a0), "{back:#x}");
    }
    assert_eq!(pad(0x141), Some(TEXT + 0x1b0));
}

#[test]
fn a_landing_says_what_becomes_of_the_panic() {
    let table = example();
    let said = |back| {
        let fate = table.site(TEXT, TEXT + back).unwrap().fate;
        assert_eq!(fate.is(Fate::ENDS), fate.catches() || fate.stops());
        (
            (fate.catches(), fate.stops()),
            fate.catches() && fate.for_device(),
            fate.catches() && fate.for_module(),
        )
    };
    assert_eq!(said(0x131), ((false, false), false, false));
    assert_eq!(said(0x141), ((true, false), true, false));
    assert_eq!(said(0x149), ((true, false), false, true));
    assert_eq!(said(0x151), ((false, true), false, false));
    // No landing.
    assert_eq!(said(0x101), ((false, false), false, false));
}

#[test]
fn frames_end_where_their_shape_says() {
    let table = example();
    let site = |back| table.site(TEXT, TEXT + back).unwrap();
    let near = site(0x101).shape;
    assert_eq!(
        (near.end(0x1000, 0x2000), near.slots),
        (0x1018, [0, 2, 0, 0, 0, 0])
    );
    let far = site(0x121).shape;
    assert_eq!(
        (far.end(0x1000, 0x2000), far.slots),
        (0x2010, [4, 2, 0, 0, 3, 5])
    );
}

/// What a panic would give of a message.
fn message(text: *const u8, args: usize, place: usize) -> Message {
    let args = core::ptr::without_provenance(args);
    // SAFETY: nobody reads them.
    unsafe { Message::new(text, args, core::ptr::without_provenance(place)) }
}

#[test]
fn a_message_goes_through_a_word() {
    static TEXT: [u8; 64] = [b'a'; 64];
    let at = TEXT.as_ptr().addr();
    let args = TEXT.len() * 2 + 1;
    // Addresses of Miri's are small numbers.
    for anchor in [0, 64, -4096, 0x100_0000, -0x3ff_0000] {
        let anchor = at.wrapping_add_signed(anchor);
        for place in [-8, 8, 0x100_0000, -0x200_0000] {
            let place = anchor.wrapping_add_signed(place);
            let place = anchor.wrapping_add((place.wrapping_sub(anchor)) & !7);
            let word = message(TEXT.as_ptr(), args, place).pack(anchor);
            let back = Message::unpack(word, anchor);
            assert_eq!(back.place_address(), place, "{anchor:#x}");
            assert_eq!(back.text_address(), (at, args), "{anchor:#x}");
        }
    }
}

#[test]
fn a_text_says_how_long_it_is() {
    static TEXT: [u8; 4] = *b"text";
    let at = TEXT.as_ptr().addr();
    // An even number leads to values.
    for (args, back) in [(9, 9), (1, 1), (16, 0), (0x3ffd, 0x3ffd), (0x4001, 0x3ffd)] {
        let word = message(TEXT.as_ptr(), args, at).pack(at);
        assert_eq!(Message::unpack(word, at).text_address(), (at, back));
    }
}
