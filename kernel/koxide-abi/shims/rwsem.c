// SPDX-License-Identifier: GPL-2.0-only
/* Sleeping locks of readers and writers. */
#include <linux/build_bug.h>
#include <linux/rwsem.h>

#include "koxide.h"

static_assert(sizeof(struct rw_semaphore) <= KX_RW_SEMAPHORE_ROOM,
	      "this kernel's semaphores of readers and writers are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(struct rw_semaphore) <= 8);

#ifdef KX_USE_kx_init_rwsem
void kx_init_rwsem(void *lock, struct kx_lock_class class)
{
	init_rwsem((struct rw_semaphore *)lock);
	kx_set_lock_class((struct rw_semaphore *)lock, class);
}
#endif

#ifdef KX_USE_kx_down_read
void kx_down_read(void *lock)
{
	down_read(lock);
}
#endif

#ifdef KX_USE_kx_down_read_trylock
int kx_down_read_trylock(void *lock)
{
	return down_read_trylock(lock);
}
#endif

#ifdef KX_USE_kx_up_read
void kx_up_read(void *lock)
{
	up_read(lock);
}
#endif

#ifdef KX_USE_kx_down_write
void kx_down_write(void *lock)
{
	down_write(lock);
}
#endif

#ifdef KX_USE_kx_down_write_trylock
int kx_down_write_trylock(void *lock)
{
	return down_write_trylock(lock);
}
#endif

#ifdef KX_USE_kx_up_write
void kx_up_write(void *lock)
{
	up_write(lock);
}
#endif

#ifdef KX_USE_kx_down_read_interruptible
int kx_down_read_interruptible(void *lock)
{
	return down_read_interruptible(lock);
}
#endif

#ifdef KX_USE_kx_down_write_killable
int kx_down_write_killable(void *lock)
{
	return down_write_killable(lock);
}
#endif

#ifdef KX_USE_kx_downgrade_write
void kx_downgrade_write(void *lock)
{
	downgrade_write(lock);
}
#endif
