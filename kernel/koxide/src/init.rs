// SPDX-License-Identifier: GPL-2.0-only

//! In-place initialisation: what upstream's `kernel` crate adds to pin-init.

#![allow(unsafe_code, reason = "initialisers are made of closures")]

mod aligned;
mod error;
mod partial;
mod scope;

use core::cell::UnsafeCell;
use core::pin::Pin;

use crate::alloc::{AllocError, Flags};
use crate::error::Error;

#[doc(hidden)]
pub use aligned::aligned;
pub(crate) use error::with_errno;
pub(crate) use partial::chained;
pub use partial::{init_array_from_fn, pin_init_array_from_fn};
pub use scope::{init_scope, pin_init_scope};

// Where Linux 6.12 had these. A trait cannot have a note that says so.
#[doc(hidden)]
pub use crate::pin_init::{InPlaceWrite, Init, PinInit, Zeroable};

/// Smart pointers that can allocate memory and initialise a value in it.
pub trait InPlaceInit<T>: Sized {
    /// The pointer, with its value pinned.
    type PinnedSelf;

    /// Initialises a value in new memory, where it stays.
    ///
    /// # Errors
    ///
    /// Those of the initialiser, and that there is no memory.
    fn try_pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self::PinnedSelf, E>
    where
        E: From<AllocError>;

    /// Initialises a value in new memory.
    ///
    /// # Errors
    ///
    /// Those of the initialiser, and that there is no memory.
    fn try_init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>;

    /// As [`try_pin_init`](Self::try_pin_init), with errors that are errnos.
    ///
    /// # Errors
    ///
    /// Those of the initialiser, and `ENOMEM`.
    fn pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self::PinnedSelf, Error>
    where
        Error: From<E>,
    {
        let initialise = |slot| {
            // SAFETY: the closure's caller promises what this function asks for.
            unsafe { init.__pinned_init(slot) }.map_err(Error::from)
        };
        // SAFETY: `init` succeeds and fails as it must: only the error is another type.
        let init = unsafe { crate::pin_init::pin_init_from_closure(initialise) };
        Self::try_pin_init(init, flags)
    }

    /// As [`try_init`](Self::try_init), with errors that are errnos.
    ///
    /// # Errors
    ///
    /// Those of the initialiser, and `ENOMEM`.
    fn init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, Error>
    where
        Error: From<E>,
    {
        let initialise = |slot| {
            // SAFETY: the closure's caller promises what this function asks for.
            unsafe { init.__init(slot) }.map_err(Error::from)
        };
        // SAFETY: `init` succeeds and fails as it must: only the error is another type.
        let init = unsafe { crate::pin_init::init_from_closure(initialise) };
        Self::try_init(init, flags)
    }
}

impl<T> InPlaceInit<T> for Pin<crate::alloc::KBox<T>> {
    type PinnedSelf = Self;

    fn try_pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>,
    {
        crate::alloc::KBox::try_pin_init(init, flags)
    }

    fn try_init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>
    where
        E: From<AllocError>,
    {
        crate::alloc::KBox::try_init(init, flags).map(Into::into)
    }
}

/// Types around one value that is pinned with them.
///
/// They drop the value: what has pinned it, such as a registration, relies on that. So `MaybeUninit` is none of them:
///
/// ```compile_fail,E0599
/// use core::mem::MaybeUninit;
/// use kernel::{new_mutex, pin_init::Wrapper, prelude::*, sync::Mutex};
///
/// type Hidden = MaybeUninit<Mutex<u32>>;
///
/// let hidden: Result<Pin<KBox<Hidden>>> = KBox::pin_init(Hidden::pin_init(new_mutex!(0)), GFP_KERNEL);
/// ```
pub trait Wrapper<T> {
    /// An initialiser of the whole, made of one of the value.
    fn pin_init<E>(value_init: impl PinInit<T, E>) -> impl PinInit<Self, E>;
}

impl<T> Wrapper<T> for UnsafeCell<T> {
    fn pin_init<E>(value_init: impl PinInit<T, E>) -> impl PinInit<Self, E> {
        // SAFETY: the cell has the layout of its value, which is all there is to initialise, and drops it.
        unsafe { pinned_init::cast_pin_init(value_init) }
    }
}

/// Initialises a struct in place, field by field, with errors that are errnos.
///
/// The syntax is that of `pin_init!`; another error type is named after the braces, `? Type`.
#[macro_export]
macro_rules! try_pin_init {
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::pin_init::try_pin_init!($(&$this in)? $t $(::<$($generics),*>)? {
            $($fields)*
        }? $crate::error::Error)
    };
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }? $err:ty) => {
        $crate::pin_init::try_pin_init!($(&$this in)? $t $(::<$($generics),*>)? {
            $($fields)*
        }? $err)
    };
}

/// Initialises a struct in place that may be moved afterwards, with errors that are errnos.
///
/// The syntax is that of `init!`; another error type is named after the braces, `? Type`.
#[macro_export]
macro_rules! try_init {
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::__init!($(&$this in)? $t $(::<$($generics),*>)? {
            $($fields)*
        }? $crate::error::Error)
    };
    ($(&$this:ident in)? $t:ident $(::<$($generics:ty),* $(,)?>)? { $($fields:tt)* }? $err:ty) => {
        $crate::__init!($(&$this in)? $t $(::<$($generics),*>)? {
            $($fields)*
        }? $err)
    };
}

/// What is written on a field comes to stand on functions as well, and says nothing to the linker:
///
/// ```compile_fail
/// #![forbid(unsafe_code)]
/// use kernel::prelude::*;
///
/// #[pin_data]
/// struct Forged {
///     #[unsafe(link_section = ".koxide.tables")]
///     field: u32,
/// }
///
/// fn forged() -> impl PinInit<Forged> {
///     pin_init!(Forged { field <- 1 })
/// }
/// ```
#[cfg(doctest)]
struct Attacks;
