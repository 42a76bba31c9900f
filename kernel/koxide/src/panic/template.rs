// SPDX-License-Identifier: GPL-2.0-only

//! The text of a message that has values, without code that formats them.
//!
//! `core` keeps a format string as bytes, which it documents at `core::fmt::Arguments`, and does not hand out. The layout is
//! that of Rust 1.95, the only release that drivers are built with; another one fails the tests here.

#![allow(unsafe_code, reason = "reads what core keeps to itself")]
#![cfg_attr(
    not(target_os = "none"),
    allow(dead_code, reason = "the panic handler uses it")
)]

use core::fmt::Arguments;
use core::panic::PanicInfo;

/// What a panic says.
pub(super) fn message_of<'a>(info: &PanicInfo<'a>) -> &'a Arguments<'a> {
    // SAFETY: it is a struct of a reference to the arguments, and of nothing else.
    unsafe { core::mem::transmute(info.message()) }
}

/// The parts of a message: what is constant, and what leads to its values.
pub(super) fn parts(message: &Arguments<'_>) -> [*const u8; 2] {
    // SAFETY: it is a struct of two pointers.
    unsafe { core::mem::transmute(*message) }
}

/// The text of a message, or, if it has values, its format string: `{}` stands for each, whatever is said of it.
///
/// # Safety
///
/// The first two are the [`parts`] of a message.
#[optimize(size)]
pub(crate) unsafe fn text(template: *const u8, args: *const u8, room: &mut [u8]) -> &[u8] {
    let args = args.addr();
    if args & 1 == 1 {
        // SAFETY: a message without values is one static text, and the other word is twice its length, and one.
        return unsafe { core::slice::from_raw_parts(template, args >> 1) };
    }
    let mut free = room.iter_mut();
    // INVARIANT: this is where a template begins.
    let mut at = Cursor(template);
    loop {
        let text = match at.next() {
            0 => break,
            len @ ..0x80 => at.take(len.into()),
            0x80 => {
                let len = u16::from_le_bytes([at.next(), at.next()]);
                at.take(len.into())
            }
            value => {
                // Flags, width, precision, and which value: those that are there.
                let value = usize::from(value);
                let two = (value >> 1 & 2).wrapping_add(value >> 2 & 2);
                at.take(two.wrapping_add(value & 2 | (value & 1) << 2));
                b"{}"
            }
        };
        // Bytes one by one: a call of `memcpy` is more code.
        text.iter()
            .zip(&mut free)
            .for_each(|(from, to)| *to = *from);
    }
    let left = free.len();
    let len = room.len().wrapping_sub(left);
    room.get(..len).unwrap_or_default()
}

/// A place in a template.
///
/// # Invariants
///
/// It is before the end, as long as only that is taken which the bytes before announce.
struct Cursor(*const u8);

impl Cursor {
    /// Takes a byte.
    fn next(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// Takes some bytes, which are not the end.
    fn take(&mut self, len: usize) -> &'static [u8] {
        // SAFETY: a template is a constant, and it was said before that it has so many bytes more.
        let taken = unsafe { core::slice::from_raw_parts(self.0, len) };
        // INVARIANT: they are taken.
        self.0 = self.0.wrapping_add(len);
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;

    use super::*;

    /// What is written of a message.
    fn shown(message: Arguments<'_>) -> String {
        cut(&message, &mut [0; 400])
    }

    /// The same in some room.
    fn cut(message: &Arguments<'_>, room: &mut [u8]) -> String {
        let [template, args] = parts(message);
        // SAFETY: they are the parts of a message.
        let text = unsafe { text(template, args, room) };
        String::from_utf8(text.to_vec()).unwrap()
    }

    /// A number that is not known when this is compiled.
    fn number() -> u32 {
        core::hint::black_box(7)
    }

    #[test]
    fn values_are_braces() {
        let n = number();
        assert_eq!(shown(format_args!("{n}")), "{}");
        assert_eq!(shown(format_args!("a {n} b {n:?}")), "a {} b {}");
        assert_eq!(shown(format_args!("{{{}}} {n:#010x}|", n)), "{{}} {}|");
        let width = 5;
        assert_eq!(
            shown(format_args!("{n:>width$}, {n:.0$} {1:+.3}", 2, n)),
            "{}, {} {}"
        );
    }

    #[test]
    fn long_texts_are_whole() {
        macro_rules! many {
            ($text:literal) => {
                concat!(
                    $text, $text, $text, $text, $text, $text, $text, $text, $text, $text
                )
            };
        }
        const LONG: &str = many!("thirty characters, or nearly..");
        assert_eq!(LONG.len(), 300);
        let message = format_args!(
            concat!(many!("thirty characters, or nearly.."), "{}!"),
            number()
        );
        assert_eq!(shown(message), std::format!("{LONG}{{}}!"));
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        assert_eq!(
            cut(&format_args!("it is {}", number()), &mut [0; 6]),
            "it is "
        );
        assert_eq!(
            cut(&format_args!("{} it is", number()), &mut [0; 4]),
            "{} i"
        );
    }

    #[test]
    fn a_text_without_values_is_not_copied() {
        assert_eq!(
            cut(&format_args!("{{no}} values\0"), &mut []),
            "{no} values\0"
        );
        assert_eq!(shown(format_args!("")), "");
    }
}
