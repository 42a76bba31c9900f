// SPDX-License-Identifier: GPL-2.0-only

//! Values that `printk` writes as `core::fmt` does.

#![allow(unsafe_code, reason = "what C reads of values")]

use core::ffi::{CStr, c_char, c_int, c_uint};

use super::native::{Native, how, precision};
use crate::error::Error;

/// Numbers: each with what is given to C of it, and its conversions.
macro_rules! integers {
    ($($how:ident $spec:literal $word:ty as $via:ty: $ty:ty;)*) => {$(
        // SAFETY: it is a number of that size.
        unsafe impl Native<how::$how> for $ty {
            type Spec = [u8; $spec.len()];
            const SPEC: Self::Spec = *$spec;
            type Held = $ty;
            type Words = ($word,);

            #[inline(always)]
            fn hold(&self) -> $ty {
                *self
            }

            #[inline(always)]
            fn words(held: &$ty) -> ($word,) {
                (*held as $via as $word,)
            }
        }
    )*};
    (signed $short:ty as $unsigned:ty: $decimal:literal $hex:literal $upper:literal $octal:literal $word:ty, $bits:ty) => {
        integers! {
            Display $decimal $word as $short: $short;
            Debug $decimal $word as $short: $short;
            Number $decimal $word as $short: $short;
            Signed $decimal $word as $short: $short;
            LowerHex $hex $bits as $unsigned: $short;
            UpperHex $upper $bits as $unsigned: $short;
            Octal $octal $bits as $unsigned: $short;
        }
    };
    (unsigned $ty:ty: $decimal:literal $hex:literal $upper:literal $octal:literal $bits:ty) => {
        integers! {
            Display $decimal $bits as $ty: $ty;
            Debug $decimal $bits as $ty: $ty;
            Number $decimal $bits as $ty: $ty;
            LowerHex $hex $bits as $ty: $ty;
            UpperHex $upper $bits as $ty: $ty;
            Octal $octal $bits as $ty: $ty;
        }
    };
}

integers!(signed i8 as u8: b"d" b"x" b"X" b"o" c_int, c_uint);
integers!(signed i16 as u16: b"d" b"x" b"X" b"o" c_int, c_uint);
integers!(signed i32 as u32: b"d" b"x" b"X" b"o" c_int, c_uint);
integers!(signed i64 as u64: b"lld" b"llx" b"llX" b"llo" i64, u64);
integers!(signed isize as usize: b"lld" b"llx" b"llX" b"llo" i64, u64);
integers!(unsigned u8: b"u" b"x" b"X" b"o" c_uint);
integers!(unsigned u16: b"u" b"x" b"X" b"o" c_uint);
integers!(unsigned u32: b"u" b"x" b"X" b"o" c_uint);
integers!(unsigned u64: b"llu" b"llx" b"llX" b"llo" u64);
integers!(unsigned usize: b"llu" b"llx" b"llX" b"llo" u64);

/// What leads to a value.
macro_rules! through {
    ($($ty:ty)*) => {$(
        // SAFETY: the value behind it is native.
        unsafe impl<H, T: ?Sized + Native<H>> Native<H> for $ty {
            type Spec = T::Spec;
            const SPEC: Self::Spec = T::SPEC;
            type Held = T::Held;
            type Words = T::Words;

            #[inline(always)]
            fn hold(&self) -> T::Held {
                (**self).hold()
            }

            #[inline(always)]
            fn words(held: &T::Held) -> T::Words {
                T::words(held)
            }
        }
    )*};
}

through!(&T &mut T);

/// A text: its address and its length.
#[derive(Clone, Copy)]
pub struct Text(*const u8, usize);

// SAFETY: a precision and so many bytes, which live longer than the message.
unsafe impl Native<how::Display> for str {
    type Spec = [u8; 3];
    const SPEC: Self::Spec = *b".*s";
    type Held = Text;
    type Words = (c_int, *const u8);

    #[inline(always)]
    fn hold(&self) -> Text {
        Text(self.as_ptr(), self.len())
    }

    #[inline(always)]
    fn words(held: &Text) -> Self::Words {
        (precision(held.1), held.0)
    }
}

// SAFETY: a precision and so many bytes, which are held.
unsafe impl Native<how::Display> for char {
    type Spec = [u8; 3];
    const SPEC: Self::Spec = *b".*s";
    type Held = ([u8; 4], usize);
    type Words = (c_int, *const u8);

    #[inline(always)]
    fn hold(&self) -> Self::Held {
        let mut room = [0; 4];
        let len = self.encode_utf8(&mut room).len();
        (room, len)
    }

    #[inline(always)]
    fn words(held: &Self::Held) -> Self::Words {
        (precision(held.1), held.0.as_ptr())
    }
}

/// Implements a way to write `bool`.
macro_rules! boolean {
    ($($how:ident)*) => {$(
        // SAFETY: a static C string.
        unsafe impl Native<how::$how> for bool {
            type Spec = [u8; 1];
            const SPEC: Self::Spec = *b"s";
            type Held = &'static CStr;
            type Words = (*const c_char,);

            #[inline(always)]
            fn hold(&self) -> &'static CStr {
                if *self { c"true" } else { c"false" }
            }

            #[inline(always)]
            fn words(held: &&'static CStr) -> Self::Words {
                (held.as_ptr(),)
            }
        }
    )*};
}

boolean!(Display Debug);

/// An error's name, or, if it has none, its number as text.
pub enum Name {
    Known(&'static CStr),
    Unknown([u8; 12]),
}

// SAFETY: a C string that is static or held.
unsafe impl Native<how::Debug> for Error {
    type Spec = [u8; 1];
    const SPEC: Self::Spec = *b"s";
    type Held = Name;
    type Words = (*const c_char,);

    fn hold(&self) -> Name {
        if let Some(name) = self.name() {
            return Name::Known(name);
        }
        let mut text = *b"Error(    )\0";
        let mut number = self.to_errno().unsigned_abs();
        let mut digits = 1;
        while digits < 4 && number >= 10_u32.pow(digits) {
            digits += 1;
        }
        let digits = digits as usize;
        for place in text[6..6 + digits].iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
        }
        text[6 + digits] = b')';
        text[7 + digits] = 0;
        Name::Unknown(text)
    }

    #[inline(always)]
    fn words(held: &Name) -> Self::Words {
        match held {
            Name::Known(name) => (name.as_ptr(),),
            Name::Unknown(text) => (text.as_ptr().cast(),),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use koxide_abi::host::print::take;

    use crate::error::{Error, code::*};
    use crate::fmt::Display;
    use crate::pr_info;

    /// Writes a message of each kind, and compares it with what `core::fmt` makes of it.
    macro_rules! same {
        ($($text:literal $(, $value:expr)*;)*) => {$(
            pr_info!("{}", format_args!($text $(, $value)*));
            pr_info!($text $(, $value)*);
            let expected = format!("koxide: {}", format_args!($text $(, $value)*));
            assert_eq!(take(), [(6, expected.clone()), (6, expected)]);
        )*};
    }

    /// The same for numbers of each width.
    macro_rules! numbers {
        ($($value:expr),*) => {$(
            let n = $value;
            same! {
                "{n} {n:?} {}|{:5}|{:<5}|{:>5}|{:05}|{:<05}|", n, n, n, n, n, n;
                "{n:x} {n:X} {n:o} {n:#x}|{n:8x}|{n:<8X}|{n:08o}|{n:#010x}|{n:#8x}|{n:<#8x}|";
                "{n:+} {n:+6}|{n:<+6}|{n:+06}|{n:+06?}|{n:3}|{n:02}";
            }
        )*};
    }

    #[test]
    fn numbers_are_as_core_writes_them() {
        numbers!(
            0_i8,
            -1_i8,
            i8::MIN,
            0_u8,
            u8::MAX,
            i16::MIN,
            u16::MAX,
            7,
            -42,
            i32::MIN
        );
        numbers!(
            0_u32,
            u32::MAX,
            i64::MIN,
            i64::MAX,
            u64::MAX,
            isize::MIN,
            usize::MAX,
            0_usize
        );
    }

    #[test]
    fn texts_and_answers_are_as_core_writes_them() {
        let text = std::string::String::from("100% \u{e4}{}");
        let (text, number) = (text.as_str(), 3);
        same! {
            "a text\n";
            "{text} {} {{}} 5% %s %%{}\n", true, false;
            "{text}|{0}|{0:?}|{1}{1}|{2}", number, 'x', '\u{1f980}';
            "{:?} {:?} {:?} {:?}", EINVAL, Error::from_errno(-4000), ENOTTY, Error::from_errno(-600);
            "{} {}", "", &&&&7_u8;
            "{} {} {} {} {} {} {} {} {} {} {} {}", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
        }
    }

    #[test]
    fn what_printk_cannot_write_is_formatted_here() {
        let width = 6;
        same! {
            "{:>6}|{:^5}|{:*<4}|{:.2}|{:>width$}|{:b}|{:#o}", "ab", 1, 2, "abc", 4, 5, 6;
            "{:?} {:?} {:5}|{:5}|{:#X} {:e}", "q\"", Some(3), true, 'c', 255, 1200;
            "{}", u128::MAX;
        }
        pr_info!("{} {}", c"c\xff", 1);
        pr_info!("{a} {b:?} {a}", a = "x", b = true);
        let lines = take();
        assert_eq!(lines[0].1, "koxide: c\\xff 1");
        assert_eq!(lines[1].1, "koxide: x true x");
    }

    /// Writes what may be anything.
    fn generic<T: Display, U: ?Sized + Display>(a: T, b: &U) {
        pr_info!("{a} {b} {}", 1);
    }

    #[test]
    fn types_may_be_unknown() {
        generic(5, "text");
        let any: &dyn Display = &7;
        generic("x", any);
        assert_eq!(
            take(),
            [(6, "koxide: 5 text 1".into()), (6, "koxide: x 7 1".into())]
        );
    }
}
