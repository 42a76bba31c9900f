// SPDX-License-Identifier: GPL-2.0-only

//! The kernel log: include/linux/printk.h.
//!
//! The macros have upstream's names, and the levels are those of `pr_info` and its relatives in C. They may be used in
//! any context where `GFP_ATOMIC` may be used, which is any but that of an NMI. Messages end with `\n`.
//!
//! A message without values, or with integers, `bool`, `char`, `str` and errors (`{:?}`) alone, costs what it costs in C: one call of
//! the kernel's own `printk`, and nothing of `core::fmt` is in the module. Integers may have a width, zeros and signs, and be
//! hexadecimal or octal. Whatever else there is in a format string makes the whole message one that is formatted by `core::fmt`, on
//! the stack, or, when it is longer than that, in memory that is allocated with `GFP_ATOMIC`: if there is none, the message is
//! cut. The text is the same either way. The log itself cuts what is longer than about 1000 bytes.

#![allow(unsafe_code, reason = "the C edge of the log")]

mod dbg;
#[doc(hidden)]
pub mod native;
mod once;
mod values;

use core::ffi::{CStr, c_char};
use core::fmt;

use crate::alloc::KVec;
use crate::alloc::flags::{__GFP_NOWARN, GFP_ATOMIC};
use crate::fmt::Line;
use native::{Sink, Words};

/// The longest message that is formatted on the stack.
const ON_STACK: usize = 128;

/// More than this the kernel's log keeps of no message: kernel/printk/printk_ringbuffer.h.
const LONGEST: usize = 1024;

/// How serious a message is: include/linux/kern_levels.h.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Level {
    Emerg = 0,
    Alert = 1,
    Crit = 2,
    Err = 3,
    Warn = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
    Cont = 8,
}

impl Level {
    /// The level as `printk` wants it.
    #[inline(always)]
    pub(crate) const fn text(self) -> &'static CStr {
        match self {
            Self::Emerg => c"\x010",
            Self::Alert => c"\x011",
            Self::Crit => c"\x012",
            Self::Err => c"\x013",
            Self::Warn => c"\x014",
            Self::Notice => c"\x015",
            Self::Info => c"\x016",
            Self::Debug => c"\x017",
            Self::Cont => c"\x01c",
        }
    }
}

/// The log, as the `pr_*!` macros see it.
#[doc(hidden)]
pub struct Log {
    level: Level,
    prefix: Option<&'static CStr>,
}

impl Log {
    /// The log for messages of a level.
    #[inline(always)]
    pub const fn new(level: Level, prefix: Option<&'static CStr>) -> Self {
        Self { level, prefix }
    }
}

impl Sink for Log {
    #[inline(always)]
    unsafe fn native(&self, format: *const c_char, words: impl Words) {
        // SAFETY: the caller's promise is what is asked for.
        unsafe { words.printk(format) };
    }

    #[inline(always)]
    fn formatted(&self, args: fmt::Arguments<'_>) {
        print(self.level, self.prefix, args);
    }
}

/// Writes a message that `printk` does not format.
#[inline(always)]
pub(crate) fn print(level: Level, prefix: Option<&'static CStr>, args: fmt::Arguments<'_>) {
    // The compiler knows which of the two it is wherever the format string has no arguments.
    match args.as_str() {
        Some(text) => write(level, prefix, text.as_bytes()),
        None => print_formatted(level, prefix, args),
    }
}

/// Writes a message that has arguments.
#[inline(never)]
fn print_formatted(level: Level, prefix: Option<&'static CStr>, args: fmt::Arguments<'_>) {
    with_text(args, |text| write(level, prefix, text));
}

/// Hands text to the kernel.
fn write(level: Level, prefix: Option<&'static CStr>, text: &[u8]) {
    let prefix = prefix.map_or(core::ptr::null(), CStr::as_ptr);
    // SAFETY: the prefix is null or a C string, and the text is readable for its length.
    unsafe { koxide_abi::kx_print(level as u32, prefix, text.as_ptr(), text.len()) };
}

/// Formats `args` and hands the text to `use_text`, in any context.
pub(crate) fn with_text(args: fmt::Arguments<'_>, use_text: impl FnOnce(&[u8])) {
    let mut room = [0; ON_STACK];
    match Line::format(&mut room, args) {
        Ok(text) => use_text(text),
        Err(wanted) => match KVec::from_elem(0, wanted.min(LONGEST), GFP_ATOMIC | __GFP_NOWARN) {
            // The arguments may say something longer the second time, too: then the text is what fits.
            Ok(mut long) => match Line::format(&mut long, args) {
                Ok(text) => use_text(text),
                Err(_) => use_text(&long),
            },
            Err(_) => use_text(&room),
        },
    }
}

/// The body of the `pr_*!` macros.
#[doc(hidden)]
#[macro_export]
#[allow(
    clippy::crate_in_macro_def,
    reason = "the prefix is that of the crate that writes"
)]
macro_rules! __print {
    ($level:ident, $($args:tt)+) => {
        $crate::__printk! {
            ($crate::print::Log::new(
                $crate::print::Level::$level,
                ::core::option::Option::Some(crate::__LOG_PREFIX),
            ))
            ($crate::print::Level::$level, crate::__LOG_PREFIX)
            $($args)+
        }
    };
}

/// Writes a message of the level emergency (0): the system is unusable. Any context.
#[macro_export]
macro_rules! pr_emerg {
    ($($args:tt)+) => { $crate::__print!(Emerg, $($args)+) };
}

/// Writes a message of the level alert (1): action must be taken at once. Any context.
#[macro_export]
macro_rules! pr_alert {
    ($($args:tt)+) => { $crate::__print!(Alert, $($args)+) };
}

/// Writes a message of the level critical (2). Any context.
#[macro_export]
macro_rules! pr_crit {
    ($($args:tt)+) => { $crate::__print!(Crit, $($args)+) };
}

/// Writes a message of the level error (3). Any context.
#[macro_export]
macro_rules! pr_err {
    ($($args:tt)+) => { $crate::__print!(Err, $($args)+) };
}

/// Writes a message of the level warning (4). Any context.
#[macro_export]
macro_rules! pr_warn {
    ($($args:tt)+) => { $crate::__print!(Warn, $($args)+) };
}

/// Writes a message of the level notice (5). Any context.
#[macro_export]
macro_rules! pr_notice {
    ($($args:tt)+) => { $crate::__print!(Notice, $($args)+) };
}

/// Writes a message of the level info (6). Any context.
///
/// # Examples
///
/// ```no_run
/// # // kunit: run
/// # const __LOG_PREFIX: &core::ffi::CStr = c"doc";
/// # fn main() {
/// kernel::pr_info!("{} devices found\n", 3);
/// # }
/// ```
#[macro_export]
macro_rules! pr_info {
    ($($args:tt)+) => { $crate::__print!(Info, $($args)+) };
}

/// Writes a message of the level debug (7), in a build with debug assertions; compiled, but not run, in any other.
#[macro_export]
macro_rules! pr_debug {
    ($($args:tt)+) => {
        if cfg!(debug_assertions) {
            $crate::__print!(Debug, $($args)+)
        }
    };
}

/// Continues the message before, which did not end with `\n`. Any context.
///
/// Only for messages of one thread at start-up: another thread's message may come between.
#[macro_export]
macro_rules! pr_cont {
    ($($args:tt)+) => {
        $crate::__printk! {
            ($crate::print::Log::new($crate::print::Level::Cont, ::core::option::Option::None))
            ("\x01c")
            $($args)+
        }
    };
}

#[doc(hidden)]
pub use once::first;

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec;

    use koxide_abi::host::print::take;

    #[test]
    fn messages_have_level_and_prefix() {
        pr_info!("plain\n");
        pr_err!("{} of {}\n", 1, "two");
        pr_cont!("more\n");
        assert_eq!(
            take(),
            vec![
                (6, String::from("koxide: plain\n")),
                (3, String::from("koxide: 1 of two\n")),
                (8, String::from("more\n")),
            ]
        );
    }

    #[test]
    fn a_message_longer_than_the_stack_room_is_whole() {
        let long = "x".repeat(super::ON_STACK + 50);
        let long = long.as_str();
        pr_warn!("{long}\n");
        assert_eq!(take(), vec![(4, std::format!("koxide: {long}\n"))]);
    }

    #[test]
    #[cfg_attr(miri, ignore = "60,000 characters take Miri minutes")]
    fn memory_is_taken_for_no_more_than_the_log_keeps() {
        pr_warn!("{:>60000}", 7);
        assert_eq!(take()[0].1.len(), "koxide: ".len() + super::LONGEST);
    }

    #[test]
    fn percent_signs_are_text() {
        pr_info!("100%s {}%n\n", 1);
        assert_eq!(take()[0].1, "koxide: 100%s 1%n\n");
    }
}
