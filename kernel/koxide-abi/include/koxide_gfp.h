/* SPDX-License-Identifier: GPL-2.0-only */
/* The library's allocation flags as the target's. */
#ifndef KOXIDE_GFP_H
#define KOXIDE_GFP_H

#include <linux/build_bug.h>
#include <linux/gfp.h>

/* The numbers are those of kernel/koxide/src/alloc/flags.rs. */
static_assert((__force u32)__GFP_HIGHMEM == 0x2);
static_assert((__force u32)__GFP_HIGH == 0x20);
static_assert((__force u32)__GFP_IO == 0x40);
static_assert((__force u32)__GFP_FS == 0x80);
static_assert((__force u32)__GFP_ZERO == 0x100);
static_assert((__force u32)__GFP_DIRECT_RECLAIM == 0x400);
static_assert((__force u32)__GFP_KSWAPD_RECLAIM == 0x800);
static_assert((__force u32)__GFP_NOWARN == 0x2000);
static_assert((__force u32)__GFP_ACCOUNT == 0x400000);

/*
 * GFP_ATOMIC had one more bit until 6.3 (__GFP_ATOMIC). The library's GFP_ATOMIC is the bits that are left; on an
 * older kernel the missing one is added here, and elsewhere this folds to a cast.
 */
static inline gfp_t kx_gfp(u32 flags)
{
	const u32 atomic = (__force u32)(__GFP_HIGH | __GFP_KSWAPD_RECLAIM);

	if ((flags & atomic) == atomic && !(flags & (__force u32)__GFP_DIRECT_RECLAIM))
		flags |= (__force u32)GFP_ATOMIC;
	return (__force gfp_t)flags;
}

#endif
