// SPDX-License-Identifier: GPL-2.0-only

//! Messages with their values, in objects that are built with `--debug`.
//!
//! A message outlives the frames that its values are in, and nothing can be allocated where code panics. So it is formatted
//! before anything else happens, into one of a few rooms that the module has. Where none is free, or little stack is left, it
//! stays as other objects have it.

#![allow(unsafe_code, reason = "shares room by a flag")]

use core::cell::UnsafeCell;
use core::fmt::Arguments;
use core::mem::forget;
use core::sync::atomic::{AtomicBool, Ordering};

use super::template;
use crate::fmt::Line;

/// Texts that are longer are cut.
const LONGEST: usize = 256;

/// What formatting takes of the stack, and writing to the log after it.
#[cfg(target_os = "none")]
const STACK: usize = 5 * 1024;

/// A message that is under way.
struct Room {
    taken: AtomicBool,
    text: UnsafeCell<[u8; LONGEST]>,
}

// SAFETY: who has set `taken` has the text alone until it clears that.
unsafe impl Sync for Room {}

static ROOMS: [Room; 4] = [const {
    Room {
        taken: AtomicBool::new(false),
        text: UnsafeCell::new([0; LONGEST]),
    }
}; 4];

/// A room that is given back, should a value panic while it is formatted: that panic is the one that counts then.
struct Taken(&'static Room);

impl Taken {
    fn take() -> Option<Self> {
        let free = |room: &&Room| !room.taken.swap(true, Ordering::Acquire);
        ROOMS.iter().find(free).map(Self)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

/// The parts of a message, with the values in the text if there is room. [`free`] gives that back.
pub(super) fn parts(message: &Arguments<'_>) -> [*const u8; 2] {
    let parts = template::parts(message);
    let has_values = parts[1].addr() & 1 == 0;
    if !has_values || !has_stack() {
        return parts;
    }
    let Some(taken) = Taken::take() else {
        return parts;
    };
    let room = taken.0.text.get();
    // SAFETY: it was taken just now.
    let mut line = Line::new(unsafe { &mut *room });
    let _ = core::fmt::write(&mut line, *message);
    let len = line.into_text().len();
    if len == 0 {
        // As a text without a letter.
        return [c"".as_ptr().cast(), core::ptr::without_provenance(1)];
    }
    forget(taken);
    // It is read where the compiler does not see it.
    let text: *const u8 = core::hint::black_box(room).cast();
    [text, core::ptr::without_provenance(len * 2 + 1)]
}

/// Gives back the room that a text is in, if it is in one; nobody reads the text after that.
pub(crate) fn free(text: *const u8) {
    let has = |room: &&Room| room.text.get().addr() == text.addr();
    if let Some(room) = ROOMS.iter().find(has) {
        drop(Taken(room));
    }
}

fn has_stack() -> bool {
    #[cfg(target_os = "none")]
    // SAFETY: nothing is asked for.
    return unsafe { koxide_abi::kx_panic_has_stack(STACK) };
    #[cfg(not(target_os = "none"))]
    true
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use super::*;

    /// The parts of a message, and its text.
    fn shown(message: Arguments<'_>) -> ([*const u8; 2], String) {
        let [text, args] = parts(&message);
        let mut room = [0; 64];
        // SAFETY: they are the parts of a message.
        let shown = unsafe { template::text(text, args, &mut room) };
        ([text, args], String::from_utf8(shown.to_vec()).unwrap())
    }

    struct Panics;

    impl core::fmt::Display for Panics {
        fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            panic!("the value panics")
        }
    }

    /// One test, since all share the rooms.
    #[test]
    fn a_message_has_its_values_while_there_is_room() {
        let seven = core::hint::black_box(7);
        // One without values takes none.
        assert_eq!(shown(format_args!("a text")).1, "a text");
        assert_eq!(shown(format_args!("{}", "")).1, "");
        let caught = std::panic::catch_unwind(|| shown(format_args!("{}", Panics)));
        assert!(caught.is_err());
        let all: Vec<_> = (0..ROOMS.len())
            .map(|at| shown(format_args!("room {at} of {seven}")))
            .collect();
        for (at, (_, text)) in all.iter().enumerate() {
            assert_eq!(*text, std::format!("room {at} of 7"));
        }
        assert_eq!(shown(format_args!("room {seven}")).1, "room {}");
        free(all[2].0[0]);
        let (again, text) = shown(format_args!("{seven:?}, {}", "x".repeat(2 * LONGEST)));
        assert_eq!((again[0], text.len()), (all[2].0[0], LONGEST));
        assert!(text.starts_with("7, x"));
        // What is elsewhere is nobody's.
        free(text.as_ptr());
        assert_eq!(shown(format_args!("room {seven}")).1, "room {}");
        all.iter().for_each(|(parts, _)| free(parts[0]));
        assert_eq!(shown(format_args!("room {seven}")).1, "room 7");
    }
}
