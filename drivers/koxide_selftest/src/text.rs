// SPDX-License-Identifier: GPL-2.0-only

//! Text: formatting, and numbers that users write.

use kernel::{fmt, prelude::*, str::CString};

/// A value that is written with the kernel's own trait.
struct Version(u8, u8);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_fmt(fmt!("{}.{}", self.0, self.1))
    }
}

/// Writes messages of each kind to the log.
#[allow(clippy::disallowed_macros, reason = "they are what is tested")]
pub(crate) fn log() {
    let version = Version(1, 2);
    let doubled = dbg!(3 * 7) * 2;
    pr_info!("{} {version} {:?} {doubled}", c"disk\xff", EINVAL);
    pr_cont!(" and {:04x}\n", 255);
    pr_notice!("level {}\n", 5);
    pr_warn!("level {}\n", 4);
    // Combining, invisible, private, beyond Unicode's planes; and more bytes than are counted one by one.
    let text = core::hint::black_box(
        "\u{301}\u{200b}\u{e000}\u{10ffff}\"\\\t of more than thirty-two bytes",
    );
    pr_info!(
        "{text:?}|{text:>60}|{:?}\n",
        core::hint::black_box('\u{e0100}')
    );
    // What `core::fmt` writes: cut, over several lines, and bytes that are text only in part, with letters of all lengths.
    let lines = core::hint::black_box(Some("one\ntwo"));
    let part =
        c"a\u{e9}\u{800}\u{20ac}\u{d7ff}\u{10000}\u{1f980}\u{10ffff}\xff\xc3\xe2\x82\xf0\x9f\xa6";
    if let Ok(part) = CString::try_from(core::hint::black_box(part)) {
        pr_info!("{}\n", fmt!("{text:.3}|{text:.99}|{lines:#?}|{part:?}"));
    }
    log_both_ways();
}

/// Writes messages that `printk` formats, each followed by the same from `core::fmt`.
#[inline(never)]
fn log_both_ways() {
    macro_rules! both {
        ($($text:literal $(, $value:expr)*;)*) => {$(
            pr_info!($text $(, $value)*);
            pr_info!("{}", format_args!($text $(, $value)*));
        )*};
    }
    // With KASAN no two variables of a function share room on the stack, and messages have some.
    macro_rules! numbers {
        ($($number:expr),*) => {$({
            #[inline(never)]
            fn number() {
                let n = core::hint::black_box($number);
                both! {
                    "{n} {n:?} {n:5}|{n:<5}|{n:>5}|{n:05}|{n:<05}|";
                    "{n:x} {n:X} {n:o} {n:#x}|{n:8x}|{n:<8X}|{n:08o}|{n:#010x}|{n:#8x}|{n:<#8x}|";
                    "{n:+} {n:+6}|{n:<+6}|{n:+06}|{n:+06?}|{n:3}|{n:02}";
                }
            }
            number();
        })*};
    }
    pr_info!("both ways from here\n");
    numbers!(
        i8::MIN,
        u8::MAX,
        i16::MIN,
        u16::MAX,
        i32::MIN,
        u32::MAX,
        i64::MIN,
        u64::MAX,
        isize::MIN,
        usize::MAX,
        0_u8,
        -1_i32,
        42_i64
    );
    let (text, yes, sign) = core::hint::black_box(("100% \u{e4}{}", true, 'x'));
    both! {
        "a text";
        "{text}|{0}|{0:?}|{1}{1}|{2}", 3, sign, '\u{1f980}';
        "{yes} {} {{}} 5% %s %%{}", !yes, "";
        "{:?} {:?} {:?} {:?}", EINVAL, Error::from_errno(-4000), ENOTTY, Error::from_errno(-600);
    }
    pr_info!("both ways to here\n");
}

#[kunit_tests(text)]
mod tests {
    use super::*;
    use kernel::{
        b_str,
        fmt::Write,
        str::{CString, Formatter, kstrtobool, parse_int::ParseInt},
    };

    #[test]
    fn values_are_written_by_the_kernels_traits() -> Result {
        let text = CString::try_from_fmt(fmt!("{}|{:>4}|{:?}", c"a\n", Version(1, 2), c"b"))?;
        assert_eq!(&*text, c"a\\x0a|1.2|\"b\"");
        Ok(())
    }

    #[test]
    fn addresses_are_not_shown() -> Result {
        let here = 7;
        let shown = CString::try_from_fmt(fmt!("{:p}", &here))?;
        let again = CString::try_from_fmt(fmt!("{:p}", &raw const here))?;
        assert_eq!(&*shown, &*again);
        let address = CString::try_from_fmt(fmt!("{:#018x}", (&raw const here).addr()))?;
        assert_ne!(&*shown, &*address);
        // Either a number of 32 bits, or that the kernel has no random numbers yet.
        let bytes = shown.to_bytes();
        let high: &[u8] = if usize::BITS == 64 {
            b"0x00000000"
        } else {
            b"0x"
        };
        let number = bytes.starts_with(high) && bytes.len() == high.len() + 8;
        assert!(number || bytes.starts_with(b"("));
        Ok(())
    }

    #[test]
    fn a_full_buffer_is_an_error() {
        let mut room = [0; 4];
        let mut text = Formatter::new(&mut room);
        assert!(text.write_fmt(fmt!("{}", 1234)).is_ok());
        assert!(text.write_fmt(fmt!("{}", 5)).is_err());
        assert_eq!(text.bytes_written(), 5);
    }

    #[test]
    fn numbers_and_answers_are_read() {
        assert_eq!(i32::from_str(b_str!("-0x10")), Ok(-16));
        assert_eq!(u64::from_str(b_str!("18446744073709551615")), Ok(u64::MAX));
        assert_eq!(u64::from_str(b_str!("18446744073709551616")), Err(EINVAL));
        assert_eq!(i64::from_str(b_str!("-9223372036854775808")), Ok(i64::MIN));
        assert_eq!(kstrtobool(c"true"), Ok(true));
    }

    /// What a program of user space might send.
    #[derive(FromBytes, IntoBytes)]
    #[repr(C)]
    struct Request {
        command: u32,
        name: [u8; 4],
    }

    #[test]
    fn structs_are_bytes() {
        let request = Request {
            command: 1,
            name: *b"abcd",
        };
        let bytes = request.as_bytes();
        assert_eq!(bytes, [1, 0, 0, 0, b'a', b'b', b'c', b'd']);
        let copy = Request::from_bytes_copy(bytes);
        assert_eq!(
            copy.map(|copy| (copy.command, copy.name)),
            Some((1, *b"abcd"))
        );
        assert!(Request::from_bytes(&bytes[..7]).is_none());
    }

    /// The offset of a register, of which there are 16.
    #[inline(always)]
    fn register(number: usize) -> usize {
        build_assert!(number < 16, "there are 16 registers");
        number * 4
    }

    /// That this module was built shows that the optimiser knew.
    #[test]
    fn conditions_that_hold_leave_no_trace() {
        assert_eq!(register(15), 60);
        assert_eq!(kernel::bits::genmask_u32(4..=7), 0xf0);
    }
}
