// SPDX-License-Identifier: GPL-2.0-only

//! Messages that `printk` formats itself, as those of a driver in C: no code that formats is in the module.
//!
//! The macros make a list of what a message consists of: [`Next`] for each value, with the text before it, and [`End`]. Its type
//! knows the types of all values, so that the format string is a constant. A message is [`Lowered`] if each of its values is
//! [`Native`], which only the compiler knows, when it looks for the method `print`; else it finds that of [`Formatted`].

#![allow(unsafe_code, reason = "the C edge of formatting")]

use core::ffi::{c_char, c_int};
use core::marker::{Freeze, PhantomData};

use koxide_abi::Variadic;

/// A value that `printk` can write in some way.
///
/// # Safety
///
/// After a `%` and flags, `SPEC` is what makes `printk` take just these words, which it can read as long as the value is held.
pub unsafe trait Native<How> {
    /// What comes behind the flags, as bytes.
    type Spec: Copy + Freeze + 'static;
    /// The same.
    const SPEC: Self::Spec;
    /// What lives as long as the message is written.
    type Held;
    /// A tuple of what C is given.
    type Words;

    /// Makes what is to live.
    fn hold(&self) -> Self::Held;

    /// What C is given of it.
    fn words(held: &Self::Held) -> Self::Words;
}

/// Ways to write a value: the traits of `core::fmt`, and `Number` for one with a width, `Signed` for one with its sign.
pub mod how {
    pub struct Display;
    pub struct Debug;
    pub struct Number;
    pub struct Signed;
    pub struct LowerHex;
    pub struct UpperHex;
    pub struct Octal;
}

/// A part of a format string that is known where the message is written.
pub trait Piece {
    /// Text, with each `%` doubled; before a value, a `%` with flags and a width ends it.
    const TEXT: &'static [u8];
}

/// Bytes behind bytes.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Cons<A, B>(A, B);

/// What comes before a value, `N` bytes of it, the value, and the rest.
pub struct Next<'a, P, const N: usize, H, T: ?Sized, R>(&'a T, R, PhantomData<(P, H)>);

/// What comes after the last value.
pub struct End<P, const N: usize>(PhantomData<P>);

impl<'a, P, const N: usize, H, T: ?Sized, R> Next<'a, P, N, H, T, R> {
    /// A value and what comes after it.
    #[inline(always)]
    pub fn new(value: &'a T, rest: R) -> Self {
        Self(value, rest, PhantomData)
    }
}

impl<P, const N: usize> End<P, N> {
    /// The end.
    #[allow(clippy::new_without_default, reason = "macros make it")]
    #[inline(always)]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// A format string whose values' types are known.
///
/// # Safety
///
/// The string makes `printk` take the words that [`Values`] has after those before.
pub unsafe trait Format {
    /// The string, as bytes.
    type Bytes: Copy + Freeze + 'static;
    /// The same; it ends with a NUL.
    const BYTES: Self::Bytes;
}

// SAFETY: the piece asks for nothing.
unsafe impl<P: Piece, const N: usize> Format for End<P, N> {
    type Bytes = Cons<[u8; N], u8>;
    const BYTES: Self::Bytes = Cons(piece(P::TEXT, false), 0);
}

// SAFETY: the piece ends with a `%` and flags, and so the first words are the value's.
unsafe impl<P: Piece, const N: usize, H, T: ?Sized + Native<H>, R: Format> Format
    for Next<'_, P, N, H, T, R>
{
    type Bytes = Cons<[u8; N], Cons<T::Spec, R::Bytes>>;
    const BYTES: Self::Bytes = Cons(piece(P::TEXT, true), Cons(T::SPEC, R::BYTES));
}

/// The words of all values, behind the words `W`.
pub trait Values<W> {
    /// All of them.
    type All: Words;

    /// Makes them, and hands them on as long as all that they point at lives.
    fn with(&self, before: W, then: impl FnOnce(Self::All));
}

impl<P, const N: usize, W: Words> Values<W> for End<P, N> {
    type All = W;

    #[inline(always)]
    fn with(&self, before: W, then: impl FnOnce(W)) {
        then(before);
    }
}

impl<P, const N: usize, H, T, R, W> Values<W> for Next<'_, P, N, H, T, R>
where
    T: ?Sized + Native<H>,
    W: Push<T::Words>,
    R: Values<W::Out>,
{
    type All = R::All;

    #[inline(always)]
    fn with(&self, before: W, then: impl FnOnce(Self::All)) {
        let held = self.0.hold();
        self.1.with(before.push(T::words(&held)), then);
    }
}

/// Words that one or two more can be put behind.
pub trait Push<W> {
    /// All together.
    type Out;

    /// Puts them there.
    fn push(self, more: W) -> Self::Out;
}

/// Words that a function with variable arguments can be called with.
pub trait Words {
    /// Calls `printk`.
    ///
    /// # Safety
    ///
    /// The format is a C string that takes these words, whose memory is readable.
    unsafe fn printk(self, format: *const c_char);

    /// Calls `dev_printk`.
    ///
    /// # Safety
    ///
    /// As for [`printk`](Self::printk); the caller has a reference to the device, and the level is a C string.
    unsafe fn dev_printk(
        self,
        level: *const c_char,
        dev: *const koxide_abi::types::device,
        format: *const c_char,
    );
}

/// Implements the traits of words for so many, and for all smaller numbers.
macro_rules! words {
    ($($word:ident)*) => { words!(@each [] $($word)*); };
    (@each [$($word:ident)*] $next:ident $($rest:ident)*) => {
        words!(@one $($word)*);
        words!(@push [$($word)*]);
        words!(@each [$($word)* $next] $($rest)*);
    };
    (@each [$($word:ident)*]) => { words!(@one $($word)*); };
    (@push [$($word:ident)*]) => {
        impl<$($word,)* X> Push<(X,)> for ($($word,)*) {
            type Out = ($($word,)* X,);

            #[inline(always)]
            #[allow(non_snake_case, reason = "a value has its type's name")]
            fn push(self, (more,): (X,)) -> Self::Out {
                let ($($word,)*) = self;
                ($($word,)* more,)
            }
        }

        impl<$($word,)* X, Y> Push<(X, Y)> for ($($word,)*) {
            type Out = ($($word,)* X, Y);

            #[inline(always)]
            #[allow(non_snake_case, reason = "a value has its type's name")]
            fn push(self, (more, most): (X, Y)) -> Self::Out {
                let ($($word,)*) = self;
                ($($word,)* more, most)
            }
        }
    };
    (@one $($word:ident)*) => {
        impl<$($word: Variadic),*> Words for ($($word,)*) {
            #[inline(always)]
            #[allow(non_snake_case, reason = "a value has its type's name")]
            unsafe fn printk(self, format: *const c_char) {
                let ($($word,)*) = self;
                // SAFETY: the caller's promise is what is asked for.
                unsafe { koxide_abi::variadic!(kx_printk(format; $($word),*)) };
            }

            #[inline(always)]
            #[allow(non_snake_case, reason = "a value has its type's name")]
            unsafe fn dev_printk(
                self,
                level: *const c_char,
                dev: *const koxide_abi::types::device,
                format: *const c_char,
            ) {
                let ($($word,)*) = self;
                // SAFETY: the caller's promise is what is asked for.
                unsafe { koxide_abi::variadic!(kx_dev_printk(level, dev, format; $($word),*)) };
            }
        }
    };
}

words!(A B C D E F G H I J K L);

/// Where a message goes.
pub trait Sink {
    /// Writes one that `printk` formats.
    ///
    /// # Safety
    ///
    /// As for [`Words::printk`].
    unsafe fn native(&self, format: *const c_char, words: impl Words);

    /// Writes one that is formatted here.
    fn formatted(&self, args: core::fmt::Arguments<'_>);
}

/// A message.
pub struct Message<L>(pub L);

/// Messages that `printk` can format.
pub trait Lowered {
    /// Writes it.
    fn print<S: Sink>(&self, sink: &S, formatted: impl FnOnce(&S));
}

impl<L: Format + Values<()>> Lowered for Message<L> {
    #[inline(always)]
    fn print<S: Sink>(&self, sink: &S, _: impl FnOnce(&S)) {
        let format = const { &L::BYTES };
        self.0.with((), |words| {
            // SAFETY: the format is one for these words, which live here, and it ends with a NUL.
            unsafe { sink.native(core::ptr::from_ref(format).cast(), words) };
        });
    }
}

/// Messages that are formatted here.
pub trait Formatted {
    /// Writes it.
    fn print<S: Sink>(&self, sink: &S, formatted: impl FnOnce(&S));
}

impl<L> Formatted for &Message<L> {
    #[inline(always)]
    fn print<S: Sink>(&self, sink: &S, formatted: impl FnOnce(&S)) {
        formatted(sink);
    }
}

/// The beginning of a message: its level as `printk` wants it, the prefix, a colon and a space, and text.
pub const fn head<const N: usize>(level: u8, prefix: &[u8], text: &[u8]) -> [u8; N] {
    let parts: [&[u8]; 4] = [&[1, level], prefix, b": ", text];
    let mut out = [0; N];
    let (mut part, mut to) = (0, 0);
    while part < parts.len() {
        let mut from = 0;
        while from < parts[part].len() {
            out[to] = parts[part][from];
            (from, to) = (from + 1, to + 1);
        }
        part += 1;
    }
    assert!(to == N, "the length is another");
    out
}

/// The bytes of a piece, which asks for no value by itself.
const fn piece<const N: usize>(text: &[u8], before_value: bool) -> [u8; N] {
    let mut out = [0; N];
    let mut at = 0;
    let mut opened = false;
    while at < N {
        out[at] = text[at];
        match text[at] {
            b'0'..=b'9' | b'-' | b'+' | b'#' if opened => {}
            b'%' if !opened && at + 1 < N && text[at + 1] == b'%' => {
                at += 1;
                out[at] = b'%';
            }
            b'%' if !opened => opened = true,
            _ => assert!(!opened, "a value is asked for within a text"),
        }
        at += 1;
    }
    assert!(
        text.len() == N && opened == before_value,
        "not the piece of a format string"
    );
    out
}

/// The most bytes of a text that C is given: `printk` warns of a precision with more bits, and keeps less anyway.
pub(super) fn precision(len: usize) -> c_int {
    const MOST: usize = i16::MAX as usize;
    len.min(MOST) as c_int
}
