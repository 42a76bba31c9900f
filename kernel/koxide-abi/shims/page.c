// SPDX-License-Identifier: GPL-2.0-only
/* Pages. */
#include <linux/build_bug.h>
#include <linux/gfp.h>
#include <linux/highmem.h>

#include "koxide.h"
#include "koxide_gfp.h"

#ifdef KX_USE_kx_alloc_page
struct page *kx_alloc_page(u32 flags)
{
	return alloc_page(kx_gfp(flags));
}
#endif

#ifdef KX_USE_kx_free_page
void kx_free_page(struct page *page)
{
	__free_page(page);
}
#endif

#ifdef KX_USE_kx_page_read
void kx_page_read(struct page *page, size_t offset, void *to, size_t len)
{
	memcpy_from_page(to, page, offset, len);
}
#endif

#ifdef KX_USE_kx_page_write
void kx_page_write(struct page *page, size_t offset, const void *from, size_t len)
{
	memcpy_to_page(page, offset, from, len);
}
#endif
