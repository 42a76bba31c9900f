// SPDX-License-Identifier: GPL-2.0-only

//! Formatting, in place of `core::fmt`.
//!
//! [`Display`] and [`Pointer`] are the kernel's own, so that the library can implement them for types of others: a
//! [`CStr`] can be written with `{}`, and `{:p}` writes an address as the kernel's `%p` does, which does
//! not tell where it is. A driver implements [`Display`] of this module for its types. [`fmt!`](crate::prelude::fmt),
//! `pr_info!` and their relatives look for these traits; `write!`, `assert!` and `panic!` are the compiler's, and look for
//! those of `core::fmt`. So a value of another crate's type, which has those only, is given as `format_args!("{value}")`.
//!
//! Text is always formatted in the module itself: the kernel's own `%pA` knows the layout of another compiler's
//! arguments, or none.
//!
//! # Examples
//!
//! ```
//! use kernel::{fmt, prelude::*, str::CString};
//!
//! struct Version(u8, u8);
//!
//! impl fmt::Display for Version {
//!     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
//!         f.write_fmt(fmt!("{}.{}", self.0, self.1))
//!     }
//! }
//!
//! let text = CString::try_from_fmt(fmt!("{} {:>5}", c"disk", Version(1, 2)))?;
//! assert_eq!(&*text, c"disk 1.2");
//! # Ok::<(), Error>(())
//! ```

mod line;
mod pointer;

use core::fmt::{Binary, LowerExp, LowerHex, Octal, UpperExp, UpperHex};

use crate::alloc::{Allocator, Box};
use crate::str::{CStr, CString};
use crate::sync::{Arc, UniqueArc};

pub use core::fmt::{Arguments, Debug, Error, Formatter, Result, Write};

pub(crate) use line::Line;
pub use pointer::{HashedPtr, Pointer};

/// What `{}` writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be formatted with `{{}}`",
    note = "`pr_info!`, `fmt!` and their relatives look for `kernel::fmt::Display`: implement that rather than `core::fmt::Display`",
    note = "a value of a type that is not yours, and has `core::fmt::Display`, is given as `format_args!(\"{{}}\", value)`"
)]
pub trait Display {
    /// Writes the value.
    ///
    /// # Errors
    ///
    /// [`Error`] when the formatter cannot be written to.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result;
}

/// What [`fmt!`](crate::prelude::fmt) puts around a value, for the compiler to find the traits of this module.
#[doc(hidden)]
pub struct Adapter<T>(pub T);

impl<T: ?Sized + Display> core::fmt::Display for Adapter<&T> {
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.fmt(f)
    }
}

impl<T: ?Sized + Pointer> core::fmt::Pointer for Adapter<&T> {
    #[inline]
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.fmt(f)
    }
}

/// Leaves a trait as it is in `core`.
macro_rules! pass_on {
    ($($format:ident)*) => {$(
        impl<T: $format> $format for Adapter<T> {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                self.0.fmt(f)
            }
        }
    )*};
}

pass_on!(Debug LowerHex UpperHex Octal Binary LowerExp UpperExp);

/// Implements [`Display`] as it is in `core`.
macro_rules! as_in_core {
    ($($ty:ty)*) => {$(
        impl Display for $ty {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                core::fmt::Display::fmt(self, f)
            }
        }
    )*};
}

as_in_core!(bool char str i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
as_in_core!(Arguments<'_> Error core::panic::PanicInfo<'_> core::panic::Location<'_>);
as_in_core!(core::num::ParseIntError core::num::TryFromIntError core::str::Utf8Error);
as_in_core!(core::str::ParseBoolError core::char::CharTryFromError core::convert::Infallible);
as_in_core!(core::ffi::FromBytesWithNulError core::ffi::FromBytesUntilNulError);
as_in_core!(core::num::NonZeroU8 core::num::NonZeroU16 core::num::NonZeroU32 core::num::NonZeroU64);
as_in_core!(core::num::NonZeroI8 core::num::NonZeroI16 core::num::NonZeroI32 core::num::NonZeroI64);
as_in_core!(core::num::NonZeroUsize core::num::NonZeroIsize);
as_in_core!(core::net::IpAddr core::net::Ipv4Addr core::net::Ipv6Addr);
as_in_core!(core::net::SocketAddr core::net::SocketAddrV4 core::net::SocketAddrV6);
as_in_core!(core::str::EscapeDebug<'_> core::str::EscapeDefault<'_> core::slice::EscapeAscii<'_>);

/// Implements [`Display`] for what leads to a value.
macro_rules! through {
    ($({$($generics:tt)*} $ty:ty;)*) => {$(
        impl<$($generics)*> Display for $ty {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                Display::fmt(&**self, f)
            }
        }
    )*};
}

through! {
    {T: ?Sized + Display} &T;
    {T: ?Sized + Display} &mut T;
    {T: ?Sized + Display} Arc<T>;
    {T: ?Sized + Display} UniqueArc<T>;
    {T: ?Sized + Display, A: Allocator} Box<T, A>;
    {P: core::ops::Deref<Target: Display>} core::pin::Pin<P>;
    {} CString;
}

impl Display for CStr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        crate::str::escape(self.to_bytes(), &[], f)
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;

    use super::{Arguments, Display, Formatter};
    use crate::prelude::*;

    /// A value that only the kernel's trait can write.
    struct Own;

    impl Display for Own {
        fn fmt(&self, f: &mut Formatter<'_>) -> super::Result {
            f.pad("own")
        }
    }

    fn text(args: Arguments<'_>) -> String {
        format!("{args}")
    }

    #[test]
    fn the_kernels_traits_are_found() {
        let own = KBox::new(Own, GFP_KERNEL).unwrap();
        assert_eq!(
            text(fmt!("{} {own:>5} {}", Own, c"c\xff")),
            "own   own c\\xff"
        );
        let any: &dyn Display = &own;
        assert_eq!(
            text(fmt!("{any}{n:#x}{:?}", "q", n = 1 + 15)),
            "own0x10\"q\""
        );
    }

    #[test]
    fn values_of_others_are_written_too() {
        let address = core::net::Ipv4Addr::LOCALHOST;
        let other = std::string::String::from("other");
        assert_eq!(
            text(fmt!("{address} {}", format_args!("{other:>6}"))),
            "127.0.0.1  other"
        );
    }

    #[test]
    fn widths_are_numbers() {
        let width = 6;
        assert_eq!(
            text(fmt!("{:width$}|{:<1$}|{:.*}", Own, 4, 1, "xyz")),
            "own   |4   |x"
        );
        assert_eq!(text(fmt!("{{{:>w$}}}", 7, w = width)), "{     7}");
    }
}
