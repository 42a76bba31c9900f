// SPDX-License-Identifier: GPL-2.0-only
/* Spinlocks. */
#include <linux/build_bug.h>
#include <linux/spinlock.h>

#include "koxide.h"

static_assert(sizeof(spinlock_t) <= KX_SPINLOCK_ROOM,
	      "this kernel's spinlocks are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(spinlock_t) <= 8);

#ifdef KX_USE_kx_spin_lock_init
void kx_spin_lock_init(void *lock, const char *name)
{
	/* A lock class and the name are for lockdep kernels, whose spinlocks do not fit the room anyway. */
	spin_lock_init((spinlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_spin_lock
void kx_spin_lock(void *lock)
{
	spin_lock((spinlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_spin_trylock
int kx_spin_trylock(void *lock)
{
	return spin_trylock((spinlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_spin_unlock
void kx_spin_unlock(void *lock)
{
	spin_unlock((spinlock_t *)lock);
}
#endif
