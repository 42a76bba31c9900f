// SPDX-License-Identifier: GPL-2.0-only
/* User memory. */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "koxide.h"

/* copy_*_user warn about sizes that no object has; user space may name such a size, so it is refused before. */

#ifdef KX_USE_kx_copy_from_user
size_t kx_copy_from_user(void *to, size_t from, size_t len)
{
	if (len > INT_MAX)
		return len;
	return copy_from_user(to, (const void __user *)from, len);
}
#endif

#ifdef KX_USE_kx_strncpy_from_user
ssize_t kx_strncpy_from_user(void *to, size_t from, size_t len)
{
	return strncpy_from_user(to, (const char __user *)from, min_t(size_t, len, INT_MAX));
}
#endif

#ifdef KX_USE_kx_copy_to_user
size_t kx_copy_to_user(size_t to, const void *from, size_t len)
{
	if (len > INT_MAX)
		return len;
	return copy_to_user((void __user *)to, from, len);
}
#endif
