// SPDX-License-Identifier: GPL-2.0-only

//! How an operation stands to what precedes and what follows it on the same thread.

/// It stands to nothing but the other operations on the same value.
pub struct Relaxed;

/// What follows comes after it.
pub struct Acquire;

/// What precedes comes before it.
pub struct Release;

/// What precedes comes before it, and what follows after it: all processors see both sides in this order.
pub struct Full;

/// An ordering as a value.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderingType {
    /// [`Relaxed`].
    Relaxed,
    /// [`Acquire`].
    Acquire,
    /// [`Release`].
    Release,
    /// [`Full`].
    Full,
}

mod sealed {
    /// Nobody else makes orderings.
    pub trait Sealed {}
}

/// An ordering.
pub trait Ordering: sealed::Sealed {
    /// As a value.
    #[doc(hidden)]
    const TYPE: OrderingType;
}

/// The orderings of a load.
pub trait AcquireOrRelaxed: Ordering {}

/// The orderings of a store.
pub trait ReleaseOrRelaxed: Ordering {}

macro_rules! orderings {
    ($($name:ident)*) => {$(
        impl sealed::Sealed for $name {}
        impl Ordering for $name {
            const TYPE: OrderingType = OrderingType::$name;
        }
    )*};
}

orderings!(Relaxed Acquire Release Full);

impl AcquireOrRelaxed for Acquire {}
impl AcquireOrRelaxed for Relaxed {}
impl ReleaseOrRelaxed for Release {}
impl ReleaseOrRelaxed for Relaxed {}
