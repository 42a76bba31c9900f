// SPDX-License-Identifier: GPL-2.0-only

//! How memory is to be allocated: include/linux/gfp_types.h.

use core::ops::{BitAnd, BitOr, Not};

/// GFP flags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flags(u32);

impl Flags {
    /// The bits, as the shims take them.
    pub(crate) const fn as_raw(self) -> u32 {
        self.0
    }

    /// Whether all of `flags` are there.
    pub const fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Flags {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Not for Flags {
    type Output = Self;

    /// The other flags that there are here: a bit without a name never reaches the kernel.
    fn not(self) -> Self {
        Self(!self.0 & ALL)
    }
}

// `shims/alloc.c` asserts these numbers.
const HIGH: u32 = 0x20;
const IO: u32 = 0x40;
const FS: u32 = 0x80;
const DIRECT_RECLAIM: u32 = 0x400;
const KSWAPD_RECLAIM: u32 = 0x800;
const ACCOUNT: u32 = 0x40_0000;

/// All flags that there are here.
const ALL: u32 =
    GFP_KERNEL_ACCOUNT.0 | GFP_ATOMIC.0 | __GFP_ZERO.0 | __GFP_HIGHMEM.0 | __GFP_NOWARN.0;

/// Memory that is zeroed.
pub const __GFP_ZERO: Flags = Flags(0x100);

/// Memory that the kernel need not have mapped; only `Vmalloc` and `KVmalloc` map it.
pub const __GFP_HIGHMEM: Flags = Flags(0x2);

/// No warning in the log when there is no memory.
pub const __GFP_NOWARN: Flags = Flags(0x2000);

/// The usual memory of process context. May sleep.
pub const GFP_KERNEL: Flags = Flags(DIRECT_RECLAIM | KSWAPD_RECLAIM | IO | FS);

/// As [`GFP_KERNEL`], and counted as the memory of the process's control group. May sleep.
pub const GFP_KERNEL_ACCOUNT: Flags = Flags(GFP_KERNEL.0 | ACCOUNT);

/// Memory now or not at all, with use of the reserves. Never sleeps: for atomic context.
pub const GFP_ATOMIC: Flags = Flags(HIGH | KSWAPD_RECLAIM);

/// Memory now or not at all. Never sleeps.
pub const GFP_NOWAIT: Flags = Flags(KSWAPD_RECLAIM);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_makes_a_bit_that_has_no_name() {
        assert_eq!((GFP_KERNEL & !__GFP_ZERO) | (!GFP_KERNEL), Flags(ALL));
        assert_eq!(!!GFP_ATOMIC, GFP_ATOMIC);
        // __GFP_NOFAIL: an allocation that cannot fail may not return.
        assert_eq!((!__GFP_ZERO).as_raw() & 0x8000, 0);
    }
}
