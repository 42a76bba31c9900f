// SPDX-License-Identifier: GPL-2.0-only
/* The buffers of reads and writes. */
#include <linux/thread_info.h>
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

/* copy_to_iter() and copy_from_iter() are these two, one after the other, if there is not too much to copy. */
#ifdef KX_USE_kx_check_object_size
void kx_check_object_size(const void *object, size_t len, bool to_user)
{
	check_object_size(object, len, to_user);
}
#endif

#ifdef KX_USE_kx_copy_to_iter
size_t kx_copy_to_iter(const void *from, size_t len, struct iov_iter *iov)
{
	return _copy_to_iter(from, len, iov);
}
#endif

#ifdef KX_USE_kx_copy_from_iter
size_t kx_copy_from_iter(void *to, size_t len, struct iov_iter *iov)
{
	return _copy_from_iter(to, len, iov);
}
#endif
