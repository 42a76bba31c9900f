// SPDX-License-Identifier: GPL-2.0-only

//! What a panic says, in the one word that landings hand on.

#[cfg(target_os = "none")]
use core::ffi::CStr;
use core::panic::Location;

/// What a panic says: constants, unless it has values.
#[derive(Clone, Copy)]
pub(crate) struct Message {
    template: *const u8,
    args: *const u8,
    place: *const Location<'static>,
}

/// How many bits each part has: how far the place is from the anchor, in words; how far the text is, in bytes; and how long that is,
/// or 0 for one with values, which tells itself.
const PLACE: u32 = 24;
const TEXT: u32 = 27;
const LEN: u32 = 13;

impl Message {
    /// Takes the message of a panic.
    ///
    /// # Safety
    ///
    /// The first two are the parts of a message, the third is its place, or null.
    pub(super) unsafe fn new(template: *const u8, args: *const u8, place: *const u8) -> Self {
        Self {
            template,
            args,
            place: place.cast(),
        }
    }

    /// The length of a text without values.
    fn len(self) -> Option<usize> {
        (self.args.addr() & 1 == 1).then_some(self.args.addr() >> 1)
    }

    /// As one word. What is too far from the anchor, as no constant of the module is, is left out.
    pub(super) fn pack(self, anchor: usize) -> u64 {
        let distance = |address: usize, bits: u32| {
            let far = address.wrapping_sub(anchor).cast_signed() as i64;
            let cut = far << (64 - bits) >> (64 - bits);
            if cut == far {
                far as u64 & ((1 << bits) - 1)
            } else {
                0
            }
        };
        let place = self.place.addr().wrapping_sub(anchor).cast_signed() >> 3;
        let place = distance(anchor.wrapping_add_signed(place), PLACE);
        let text = distance(self.template.addr(), TEXT);
        let len = self.len().unwrap_or(0).min((1 << LEN) - 1) as u64;
        place << (TEXT + LEN) | text << LEN | len
    }

    /// The message that was packed with the same anchor.
    #[optimize(size)]
    pub(super) fn unpack(word: u64, anchor: usize) -> Self {
        let word = word.cast_signed();
        let part = |below: u32, bits: u32| (word << (64 - below - bits) >> (64 - bits)) as isize;
        let (place, text) = (part(TEXT + LEN, PLACE), part(LEN, TEXT));
        let len = (word & ((1 << LEN) - 1)) as usize;
        let at = |far: isize| match far {
            0 => core::ptr::null(),
            far => core::ptr::without_provenance(anchor.wrapping_add_signed(far)),
        };
        let (template, args) = match (text, len) {
            // As a text without a letter.
            (0, _) => (c"".as_ptr().cast(), 1),
            (text, 0) => (at(text), 0),
            (text, len) => (at(text), len * 2 + 1),
        };
        Self {
            template,
            args: core::ptr::without_provenance(args),
            place: at(place << 3).cast(),
        }
    }

    /// Where it was.
    pub(crate) fn place(self) -> Option<&'static Location<'static>> {
        // SAFETY: it is null or a place, all of which are constants.
        unsafe { self.place.as_ref() }
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

    /// Writes it to the log, and stops this thread.
    #[cfg(target_os = "none")]
    pub(super) fn stop(self) -> ! {
        // SAFETY: there are none but a panic's.
        unsafe { crate::panic::report(self.template, self.args, self.place) }
    }

    /// Writes to the log that it was under way when another one came.
    #[cfg(target_os = "none")]
    #[cold]
    pub(super) fn was_first(self) {
        // SAFETY: there are none but a panic's.
        unsafe { crate::panic::was_first(self.template, self.args, self.place) }
    }

    /// Writes to the log that it was contained: in which function, what that answered, and what is poisoned.
    #[cfg(target_os = "none")]
    pub(crate) fn contained(self, callback: &CStr, answer: &CStr, poisoned: &CStr) {
        // SAFETY: there are none but a panic's.
        unsafe {
            crate::panic::contained(
                self.template,
                self.args,
                self.place,
                [callback, answer, poisoned],
            );
        }
    }
}
