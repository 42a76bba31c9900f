// SPDX-License-Identifier: GPL-2.0-only
/* Memory. */
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "koxide.h"
#include "koxide_gfp.h"

/* Memory of kmalloc is always mapped: it complains of the flag, as vmalloc does on newer kernels, which sets it by itself. */
static inline gfp_t kx_gfp_mapped(u32 flags)
{
	return kx_gfp(flags) & ~__GFP_HIGHMEM;
}

/*
 * Older kernels align only those blocks whose size is a power of two, and newer ones each block to the largest power
 * of two that divides its size: rounded up to a power of two not below the alignment, a block is aligned on both.
 */
static inline size_t kx_aligned_size(size_t size, size_t align)
{
	if (align <= ARCH_KMALLOC_MINALIGN)
		return size;
	if (size > KMALLOC_MAX_SIZE)
		return size;
	return roundup_pow_of_two(max(size, align));
}

#ifdef KX_USE_kx_krealloc
void *kx_krealloc(void *ptr, size_t size, size_t align, u32 flags)
{
	/* kmalloc warns of sizes that it never has; user space may name such a size, so it is refused before. */
	if (max(size, align) > KMALLOC_MAX_SIZE)
		return NULL;
	return krealloc(ptr, kx_aligned_size(size, align), kx_gfp_mapped(flags));
}
#endif

#ifdef KX_USE_kx_kmalloc
static_assert(ARCH_KMALLOC_MINALIGN >= 8);

void *kx_kmalloc(size_t size, u32 flags)
{
	return kmalloc(size, (__force gfp_t)flags);
}
#endif

#ifdef KX_USE_kx_kfree
void kx_kfree(void *ptr)
{
	kfree(ptr);
}
#endif

#ifdef KX_USE_kx_vrealloc
void *kx_vrealloc(void *ptr, size_t old_size, size_t size, size_t align, u32 flags)
{
	void *new;

	/* vmalloc sleeps, whatever the flags say; and it aligns to pages, not to more. */
	if (!gfpflags_allow_blocking(kx_gfp(flags)) || align > PAGE_SIZE)
		return NULL;
	new = __vmalloc(size, kx_gfp_mapped(flags));
	if (new && ptr) {
		memcpy(new, ptr, min(old_size, size));
		vfree(ptr);
	}
	return new;
}
#endif

#ifdef KX_USE_kx_vfree
void kx_vfree(void *ptr)
{
	vfree(ptr);
}
#endif

#ifdef KX_USE_kx_kvmalloc
void *kx_kvmalloc(size_t size, u32 flags)
{
	/* As kmalloc, but the size is another. */
	return size <= INT_MAX ? kvmalloc(size, (__force gfp_t)flags) : NULL;
}
#endif

#ifdef KX_USE_kx_kvrealloc
void *kx_kvrealloc(void *ptr, size_t old_size, size_t size, size_t align, u32 flags)
{
	void *new;

	/* As kmalloc, but the size is another. */
	if (size > INT_MAX || align > PAGE_SIZE)
		return NULL;
	new = kvmalloc(kx_aligned_size(size, align), kx_gfp_mapped(flags));
	if (new && ptr) {
		memcpy(new, ptr, min(old_size, size));
		kvfree(ptr);
	}
	return new;
}
#endif

#ifdef KX_USE_kx_kvfree
void kx_kvfree(void *ptr)
{
	kvfree(ptr);
}
#endif
