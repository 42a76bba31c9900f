// SPDX-License-Identifier: GPL-2.0-only

//! Memory barriers, for what threads write and read without a lock: Documentation/memory-barriers.txt.
//!
//! They are for memory that processors share. What devices see is ordered by `mb` and `dma_mb`, which come with the
//! devices.
//!
//! # Examples
//!
//! ```
//! use kernel::sync::{
//!     atomic::{Atomic, Relaxed},
//!     barrier::{Read, Write, smp_mb},
//! };
//!
//! static DATA: Atomic<u32> = Atomic::new(0);
//! static READY: Atomic<bool> = Atomic::new(false);
//!
//! fn publish(value: u32) {
//!     DATA.store(value, Relaxed);
//!     smp_mb(Write);
//!     READY.store(true, Relaxed);
//! }
//!
//! fn look() -> Option<u32> {
//!     if !READY.load(Relaxed) {
//!         return None;
//!     }
//!     smp_mb(Read);
//!     Some(DATA.load(Relaxed))
//! }
//! publish(7);
//! assert_eq!(look(), Some(7));
//! ```

use core::sync::atomic::{Ordering, fence};

pub use super::atomic::ordering::Full;

/// What was read before comes before what is read after.
pub struct Read;

/// What was written before comes before what is written after.
pub struct Write;

mod sealed {
    /// Which of Rust's fences is a barrier.
    pub trait Barrier {
        /// The fence: at least as strong.
        const FENCE: core::sync::atomic::Ordering;
    }
}

/// The kinds of barriers.
pub trait MemoryBarrier: sealed::Barrier {}

macro_rules! barriers {
    ($($name:ident: $fence:ident;)*) => {$(
        impl sealed::Barrier for $name {
            const FENCE: Ordering = Ordering::$fence;
        }
        impl MemoryBarrier for $name {}
    )*};
}

barriers! {
    Full: SeqCst;
    Read: Acquire;
    Write: Release;
}

/// Orders what this thread does to memory, as all processors see it.
#[inline(always)]
pub fn smp_mb<T: MemoryBarrier>(_: T) {
    fence(T::FENCE);
}
