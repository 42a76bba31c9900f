// SPDX-License-Identifier: GPL-2.0-only
/* The buffers of reads and writes. */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/uio.h>

#include "koxide.h"
#include "koxide_field.h"

#ifdef KX_USE_kx_iov_iter_count
KX_FIELD(kx_iov_iter_count, struct iov_iter, count);
#endif

#ifdef KX_USE_kx_iov_iter_advance
void kx_iov_iter_advance(struct iov_iter *iov, size_t bytes)
{
	iov_iter_advance(iov, bytes);
}
#endif

#ifdef KX_USE_kx_iov_iter_revert
void kx_iov_iter_revert(struct iov_iter *iov, size_t bytes)
{
	iov_iter_revert(iov, bytes);
}
#endif

#ifdef KX_USE_kx_iov_iter_zero
size_t kx_iov_iter_zero(size_t bytes, struct iov_iter *iov)
{
	return iov_iter_zero(bytes, iov);
}
#endif

#ifdef KX_USE_kx_copy_to_iter
size_t kx_copy_to_iter(const void *from, size_t len, struct iov_iter *iov)
{
	/* The kernel warns of more, and no read or write has more. */
	return copy_to_iter(from, min_t(size_t, len, INT_MAX), iov);
}
#endif

#ifdef KX_USE_kx_copy_from_iter
size_t kx_copy_from_iter(void *to, size_t len, struct iov_iter *iov)
{
	return copy_from_iter(to, min_t(size_t, len, INT_MAX), iov);
}
#endif
