// SPDX-License-Identifier: GPL-2.0-only
/* Mutexes. */
#include <linux/build_bug.h>
#include <linux/mutex.h>

#include "koxide.h"

static_assert(sizeof(struct mutex) <= KX_MUTEX_ROOM,
	      "this kernel's mutexes are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(struct mutex) <= 8);

#ifdef KX_USE_kx_mutex_init
void kx_mutex_init(void *lock, struct kx_lock_class class)
{
	mutex_init((struct mutex *)lock);
	kx_set_lock_class((struct mutex *)lock, class);
}
#endif

#ifdef KX_USE_kx_mutex_lock
void kx_mutex_lock(void *lock)
{
	mutex_lock(lock);
}
#endif

#ifdef KX_USE_kx_mutex_trylock
int kx_mutex_trylock(void *lock)
{
	return mutex_trylock(lock);
}
#endif

#ifdef KX_USE_kx_mutex_unlock
void kx_mutex_unlock(void *lock)
{
	mutex_unlock(lock);
}
#endif
