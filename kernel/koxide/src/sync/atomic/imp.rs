// SPDX-License-Identifier: GPL-2.0-only

//! The operations on each integer, from the processor's own instructions.

use core::ffi::c_void;
use core::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, Ordering, fence,
};

use super::ordering::OrderingType;

/// What an atomic value is to the processor: an integer or an address.
pub trait AtomicImpl: sealed::Ops {}

/// Integers that can be added to.
pub trait Arithmetic: sealed::Add {}

pub(super) mod sealed {
    use super::OrderingType;

    /// The operations of all.
    pub trait Ops: Copy {
        /// The memory of one, of the same size and alignment.
        type Cell;

        fn load(cell: &Self::Cell, order: OrderingType) -> Self;
        fn store(cell: &Self::Cell, value: Self, order: OrderingType);
        fn xchg(cell: &Self::Cell, value: Self, order: OrderingType) -> Self;
        fn cmpxchg(
            cell: &Self::Cell,
            old: Self,
            new: Self,
            order: OrderingType,
        ) -> Result<Self, Self>;
    }

    /// The operations of integers.
    pub trait Add: Ops {
        fn fetch_add(cell: &Self::Cell, value: Self, order: OrderingType) -> Self;
        fn fetch_sub(cell: &Self::Cell, value: Self, order: OrderingType) -> Self;
    }
}

/// Rust's ordering for an operation that reads and writes.
#[inline(always)]
const fn read_write(order: OrderingType) -> Ordering {
    match order {
        OrderingType::Relaxed => Ordering::Relaxed,
        OrderingType::Acquire => Ordering::Acquire,
        OrderingType::Release => Ordering::Release,
        OrderingType::Full => Ordering::SeqCst,
    }
}

/// Rust's ordering for what an operation does when it only reads.
#[inline(always)]
const fn read(order: OrderingType) -> Ordering {
    match order {
        OrderingType::Acquire => Ordering::Acquire,
        _ => Ordering::Relaxed,
    }
}

/// Rust's ordering for an operation that only writes.
#[inline(always)]
const fn write(order: OrderingType) -> Ordering {
    match order {
        OrderingType::Release => Ordering::Release,
        _ => Ordering::Relaxed,
    }
}

/// An operation that reads and writes, with a fence on both sides if its order is full.
///
/// On arm64 a `SeqCst` operation is a load-acquire and a store-release: what precedes it may still come after its load,
/// and what follows before its store. On x86 every such instruction is a fence of its own. Miri knows no processor, but the
/// language's rules, by which it is none.
#[inline(always)]
fn fenced<R>(order: OrderingType, operation: impl FnOnce(Ordering) -> R) -> R {
    let fences =
        matches!(order, OrderingType::Full) && cfg!(any(not(target_arch = "x86_64"), miri));
    if fences {
        fence(Ordering::SeqCst);
    }
    let result = operation(read_write(order));
    if fences {
        fence(Ordering::SeqCst);
    }
    result
}

macro_rules! operations {
    ($($cell:ty: $int:ty;)*) => {$(
        impl sealed::Ops for $int {
            type Cell = $cell;

            #[inline(always)]
            fn load(cell: &$cell, order: OrderingType) -> Self {
                cell.load(read(order))
            }

            #[inline(always)]
            fn store(cell: &$cell, value: Self, order: OrderingType) {
                cell.store(value, write(order));
            }

            #[inline(always)]
            fn xchg(cell: &$cell, value: Self, order: OrderingType) -> Self {
                fenced(order, |order| cell.swap(value, order))
            }

            #[inline(always)]
            fn cmpxchg(cell: &$cell, old: Self, new: Self, order: OrderingType) -> Result<Self, Self> {
                fenced(order, |order| {
                    cell.compare_exchange(old, new, order, Ordering::Relaxed)
                })
            }
        }
        impl AtomicImpl for $int {}
    )*};
}

operations! {
    AtomicI8: i8;
    AtomicI16: i16;
    AtomicI32: i32;
    AtomicI64: i64;
    AtomicIsize: isize;
    AtomicPtr<c_void>: *mut c_void;
}

macro_rules! arithmetic {
    ($($cell:ty: $int:ty;)*) => {$(
        impl sealed::Add for $int {
            #[inline(always)]
            fn fetch_add(cell: &$cell, value: Self, order: OrderingType) -> Self {
                fenced(order, |order| cell.fetch_add(value, order))
            }

            #[inline(always)]
            fn fetch_sub(cell: &$cell, value: Self, order: OrderingType) -> Self {
                fenced(order, |order| cell.fetch_sub(value, order))
            }
        }
        impl Arithmetic for $int {}
    )*};
}

arithmetic! {
    AtomicI32: i32;
    AtomicI64: i64;
    AtomicIsize: isize;
}
