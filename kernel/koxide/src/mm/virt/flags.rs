// SPDX-License-Identifier: GPL-2.0-only

//! The flags of memory ranges: include/linux/mm.h.
//!
//! `shims/mm.c` asserts these numbers.

use super::vm_flags_t;

/// No flag.
pub const NONE: vm_flags_t = 0;
/// The program may read there.
pub const READ: vm_flags_t = 0x1;
/// It may write there.
pub const WRITE: vm_flags_t = 0x2;
/// It may execute what is there.
pub const EXEC: vm_flags_t = 0x4;
/// What is written reaches all that map the same.
pub const SHARED: vm_flags_t = 0x8;
/// `mprotect(2)` may allow reading.
pub const MAYREAD: vm_flags_t = 0x10;
/// `mprotect(2)` may allow writing.
pub const MAYWRITE: vm_flags_t = 0x20;
/// `mprotect(2)` may allow executing.
pub const MAYEXEC: vm_flags_t = 0x40;
/// The range was mapped as shared.
pub const MAYSHARE: vm_flags_t = 0x80;
/// There are addresses of memory without `struct page` behind it.
pub const PFNMAP: vm_flags_t = 0x400;
/// Reading has effects.
pub const IO: vm_flags_t = 0x4000;
/// Children of the program do not get the range.
pub const DONTCOPY: vm_flags_t = 0x20000;
/// `mremap(2)` does not make it larger.
pub const DONTEXPAND: vm_flags_t = 0x40000;
/// Pages are locked when they are first used.
pub const LOCKONFAULT: vm_flags_t = 0x80000;
/// The range counts as memory that is promised.
pub const ACCOUNT: vm_flags_t = 0x100000;
/// It does not count so.
pub const NORESERVE: vm_flags_t = 0x200000;
/// It has pages of hugetlbfs.
pub const HUGETLB: vm_flags_t = 0x400000;
/// Page faults are synchronous.
pub const SYNC: vm_flags_t = 0x800000;
/// A flag of the architecture.
pub const ARCH_1: vm_flags_t = 0x1000000;
/// Children of the program get zeros.
pub const WIPEONFORK: vm_flags_t = 0x2000000;
/// Core dumps do not have it.
pub const DONTDUMP: vm_flags_t = 0x4000000;
/// There may be pages that a driver put there.
pub const MIXEDMAP: vm_flags_t = 0x10000000;
/// Huge pages are wanted.
pub const HUGEPAGE: vm_flags_t = 0x20000000;
/// Huge pages are not wanted.
pub const NOHUGEPAGE: vm_flags_t = 0x40000000;
/// Equal pages may be made one.
pub const MERGEABLE: vm_flags_t = 0x80000000;
