// SPDX-License-Identifier: GPL-2.0-only

//! What a panic says, in the one word that landings hand on.

#[cfg(target_os = "none")]
use core::ffi::{CStr, c_char};
use core::panic::Location;

#[cfg(target_os = "none")]
use crate::entry::callback::Words;

/// What a panic says: constants, unless it has values.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    template: *const u8,
    args: *const u8,
    place: *const Location<'static>,
}

/// How many bits each part has: how far the place is from the anchor, in words; how far the text is, in bytes; and one more than how long
/// that is, or 0 for one with values, which tells itself. All constants of a module are together, in less than this.
const PLACE: u32 = 24;
const TEXT: u32 = 27;
const LEN: u32 = 13;

/// The bits of a place's address that are never set.
const WORD: u32 = 3;

impl Message {
    /// Takes the message of a panic.
    ///
    /// # Safety
    ///
    /// The first two are the parts of a message, the third is its place.
    pub(super) unsafe fn new(template: *const u8, args: *const u8, place: *const u8) -> Self {
        Self {
            template,
            args,
            place: place.cast(),
        }
    }

    /// As one word.
    pub(super) fn pack(self, anchor: usize) -> u64 {
        let far = |address: usize| address.wrapping_sub(anchor) as u64;
        // Texts with values are no constants, and may be elsewhere: as a text without a letter.
        if cfg!(koxide_values) {
            let text = far(self.template.addr()).cast_signed();
            if text != text << (64 - TEXT) >> (64 - TEXT) {
                let (template, args) = (c"".as_ptr().cast(), core::ptr::without_provenance(1));
                return Self {
                    template,
                    args,
                    ..self
                }
                .pack(anchor);
            }
        }
        let len = match self.args.addr() {
            args if args & 1 == 1 => (args >> 1).min((1 << LEN) - 2) + 1,
            _ => 0,
        };
        // Places begin at words.
        let place = far(self.place.addr()) << (64 - PLACE - WORD);
        let text = far(self.template.addr()) << (64 - TEXT) >> PLACE;
        place | text | len as u64
    }

    /// The message that was packed with the same anchor.
    pub(super) fn unpack(word: u64, anchor: usize) -> Self {
        let part = |from: u32, bits: u32| (word.cast_signed() << from >> (64 - bits)) as usize;
        let len = (word & ((1 << LEN) - 1)) as usize;
        let args = match len {
            0 => 0,
            len => len * 2 - 1,
        };
        let place = anchor.wrapping_add(part(0, PLACE) << WORD);
        let template = anchor.wrapping_add(part(PLACE, TEXT));
        Self {
            template: core::ptr::without_provenance(template),
            args: core::ptr::without_provenance(args),
            place: core::ptr::without_provenance(place),
        }
    }

    /// Where it was.
    pub(crate) fn place(self) -> &'static Location<'static> {
        // SAFETY: a panic has a place, all of which are constants.
        unsafe { &*self.place }
    }

    /// The text, as far as there is room.
    pub(crate) fn text(self, room: &mut [u8]) -> &[u8] {
        // SAFETY: there are none but a panic's.
        unsafe { crate::panic::template::text(self.template, self.args, room) }
    }

    /// Where the place is.
    #[cfg(test)]
    pub(super) fn place_address(self) -> usize {
        self.place.addr()
    }

    /// Where the text is, and the other word of it.
    #[cfg(test)]
    pub(super) fn text_address(self) -> (usize, usize) {
        (self.template.addr(), self.args.addr())
    }

    /// Writes it to the log, with one of the shims' texts, and what that has besides.
    #[cfg(target_os = "none")]
    #[inline(always)]
    pub(super) fn tell(self, text: *const c_char, words: &Words, poisoned: &CStr) {
        let Self { template, args, .. } = self;
        // SAFETY: there are none but a panic's.
        unsafe { crate::panic::tell(text, template, args, self.place(), words, poisoned) }
    }

    /// Says that nobody reads it any more: texts with values have to have room somewhere.
    #[inline(always)]
    pub(crate) fn done(self) {
        #[cfg(koxide_values)]
        crate::panic::values::free(self.template);
    }
}
