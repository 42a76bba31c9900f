// SPDX-License-Identifier: GPL-2.0-only
/* User memory. */
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "koxide.h"

/* copy_*_user warn about sizes that no object has; user space may name such a size, so it is refused before. */

/*
 * Only a thread of a program, which has called, has user memory. A kernel thread or an interrupt would find that of whichever
 * program was on this CPU last.
 */
static inline __maybe_unused bool kx_has_user_memory(void)
{
	return current->mm && in_task();
}

#ifdef KX_USE_kx_copy_from_user
size_t kx_copy_from_user(void *to, size_t from, size_t len)
{
	if (len > INT_MAX || !kx_has_user_memory())
		return len;
	return copy_from_user(to, (const void __user *)from, len);
}
#endif

/* A value of a common size needs no function that copies. The kernel's own pointers say nothing of their alignment. */
#define KX_GET_USER(name, type)									\
	int name(void *to, size_t from)								\
	{											\
		type value;									\
												\
		if (!kx_has_user_memory() || get_user(value, (const type __user *)from))	\
			return -EFAULT;								\
		memcpy(to, &value, sizeof(value));						\
		return 0;									\
	}

#define KX_PUT_USER(name, type)									\
	int name(size_t to, type value)								\
	{											\
		return kx_has_user_memory() ? put_user(value, (type __user *)to) : -EFAULT;	\
	}

#ifdef KX_USE_kx_get_user_4
KX_GET_USER(kx_get_user_4, u32)
#endif

#ifdef KX_USE_kx_get_user_8
KX_GET_USER(kx_get_user_8, u64)
#endif

#ifdef KX_USE_kx_put_user_4
KX_PUT_USER(kx_put_user_4, u32)
#endif

#ifdef KX_USE_kx_put_user_8
KX_PUT_USER(kx_put_user_8, u64)
#endif

#ifdef KX_USE_kx_strncpy_from_user
ssize_t kx_strncpy_from_user(void *to, size_t from, size_t len)
{
	if (!kx_has_user_memory())
		return -EFAULT;
	return strncpy_from_user(to, (const char __user *)from, min_t(size_t, len, INT_MAX));
}
#endif

#ifdef KX_USE_kx_copy_to_user
size_t kx_copy_to_user(size_t to, const void *from, size_t len)
{
	if (len > INT_MAX || !kx_has_user_memory())
		return len;
	return copy_to_user((void __user *)to, from, len);
}
#endif
