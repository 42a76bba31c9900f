// SPDX-License-Identifier: GPL-2.0-only
/* Spinlocks of readers and writers. */
#include <linux/build_bug.h>
#include <linux/spinlock.h>

#include "koxide.h"

static_assert(sizeof(rwlock_t) <= KX_RWLOCK_ROOM,
	      "this kernel's locks of readers and writers are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(rwlock_t) <= 8);

#ifdef KX_USE_kx_rwlock_init
void kx_rwlock_init(void *lock, struct kx_lock_class class)
{
	rwlock_init((rwlock_t *)lock);
	kx_set_lock_class((rwlock_t *)lock, class);
}
#endif

#ifdef KX_USE_kx_read_lock
void kx_read_lock(void *lock)
{
	read_lock((rwlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_read_trylock
int kx_read_trylock(void *lock)
{
	return read_trylock((rwlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_read_unlock
void kx_read_unlock(void *lock)
{
	read_unlock((rwlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_write_lock
void kx_write_lock(void *lock)
{
	write_lock((rwlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_write_trylock
int kx_write_trylock(void *lock)
{
	return write_trylock((rwlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_write_unlock
void kx_write_unlock(void *lock)
{
	write_unlock((rwlock_t *)lock);
}
#endif
