// SPDX-License-Identifier: GPL-2.0-only

//! `init!`, around pin-init's own: that one writes to each field where it is, which in a packed struct need not be
//! aligned. A reference to each field, in code that never runs, lets the compiler refuse such a struct.

use crate::pin_init::Init;

/// Gives an initialiser back whose fields a closure names.
#[doc(hidden)]
#[inline(always)]
pub fn aligned<T, E, I: Init<T, E>>(init: I, _: impl FnOnce(&T)) -> I {
    init
}

/// Initialises a struct in place that may be moved afterwards, field by field; an error type is named after the braces,
/// `? Type`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// struct Buffer {
///     used: usize,
///     room: KVec<u8>,
/// }
///
/// let buffer = KBox::try_init::<Error>(
///     init!(Buffer {
///         used: 0,
///         room: KVec::with_capacity(4096, GFP_KERNEL)?,
///     }? Error),
///     GFP_KERNEL,
/// )?;
/// assert_eq!((buffer.used, buffer.room.capacity()), (0, 4096));
/// # Ok::<(), Error>(())
/// ```
///
/// A packed struct is refused:
///
/// ```compile_fail,E0793
/// use kernel::prelude::*;
///
/// #[repr(C, packed)]
/// struct Header {
///     kind: u8,
///     length: u64,
/// }
///
/// fn header() -> impl Init<Header> {
///     init!(Header { kind: 1, length: 0 })
/// }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __init {
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::__init!($(&$this in)? $t $(::<$($generics),*>)? {
            $($fields)*
        }? ::core::convert::Infallible)
    };
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }? $err:ty) => {
        $crate::init::aligned(
            $crate::pin_init::__try_init!($(&$this in)? $t $(::<$($generics),*>)? {
                $($fields)*
            }? $err),
            |whole| $crate::__fields!(whole $t [] $($fields)*,),
        )
    };
}

/// Borrows each field of a struct that is named by the syntax of `init!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    ($whole:ident $t:ident [$($seen:ident)*] $field:ident : $value:expr, $($rest:tt)*) => {
        $crate::__fields!($whole $t [$($seen)* $field] $($rest)*)
    };
    ($whole:ident $t:ident [$($seen:ident)*] $field:ident <- $value:expr, $($rest:tt)*) => {
        $crate::__fields!($whole $t [$($seen)* $field] $($rest)*)
    };
    ($whole:ident $t:ident [$($seen:ident)*] $field:ident, $($rest:tt)*) => {
        $crate::__fields!($whole $t [$($seen)* $field] $($rest)*)
    };
    // The end: nothing, a comma behind a comma, or the rest of a struct that is zeroed.
    ($whole:ident $t:ident [$($seen:ident)*] $(,)? $(.. $($rest:tt)*)?) => {
        match *$whole {
            #[allow(unused_variables)]
            $t { $(ref $seen,)* .. } => {}
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[derive(Zeroable)]
    struct Pair<T> {
        first: T,
        second: u64,
    }

    #[test]
    fn all_that_can_be_written_of_a_field_is_taken() {
        let first = 1u8;
        let short = KBox::init(init!(Pair { first, second: 2 }), GFP_KERNEL).unwrap();
        assert_eq!((short.first, short.second), (1, 2));
        let zeroed = init!(Pair::<u8> {
            second: 3,
            ..Zeroable::init_zeroed()
        });
        let zeroed = KBox::init(zeroed, GFP_KERNEL).unwrap();
        assert_eq!((zeroed.first, zeroed.second), (0, 3));
        let failing = try_init!(&this in Pair {
            first: this.addr(),
            second <- Err::<u64, Error>(EBUSY),
        });
        assert_eq!(KBox::init(failing, GFP_KERNEL).err(), Some(EBUSY));
    }
}
