// SPDX-License-Identifier: GPL-2.0-only
/* Spinlocks. */
#include <linux/build_bug.h>
#include <linux/spinlock.h>

#include "koxide.h"

static_assert(sizeof(spinlock_t) <= KX_SPINLOCK_ROOM,
	      "this kernel's spinlocks are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(spinlock_t) <= 8);

#ifdef KX_USE_kx_spin_lock_init
void kx_spin_lock_init(void *lock, struct kx_lock_class class)
{
	spin_lock_init((spinlock_t *)lock);
	kx_set_lock_class((spinlock_t *)lock, class);
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

/* PREEMPT_RT's spinlocks sleep, and its interrupt handlers are threads: there is nothing to keep away. */
#ifdef KX_USE_kx_spin_lock_irq_disable
void kx_spin_lock_irq_disable(void *lock)
{
#ifndef CONFIG_PREEMPT_RT
	kx_interrupts_off();
#endif
	spin_lock((spinlock_t *)lock);
}
#endif

#ifdef KX_USE_kx_spin_trylock_irq_disable
int kx_spin_trylock_irq_disable(void *lock)
{
#ifndef CONFIG_PREEMPT_RT
	kx_interrupts_off();
	if (spin_trylock((spinlock_t *)lock))
		return 1;
	kx_interrupts_on();
	return 0;
#else
	return spin_trylock((spinlock_t *)lock);
#endif
}
#endif

#ifdef KX_USE_kx_spin_unlock_irq_enable
void kx_spin_unlock_irq_enable(void *lock)
{
	spin_unlock((spinlock_t *)lock);
#ifndef CONFIG_PREEMPT_RT
	kx_interrupts_on();
#endif
}
#endif
