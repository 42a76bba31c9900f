// SPDX-License-Identifier: GPL-2.0-only
/* What a module waits for before it goes. */
#include <linux/delay.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "koxide.h"

#ifdef KX_USE_kx_pending_lock
/* A raw one: timers take it in interrupt context, where a sleeping lock of PREEMPT_RT may not be taken. */
static DEFINE_RAW_SPINLOCK(kx_pending);

unsigned long kx_pending_lock(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kx_pending, flags);
	return flags;
}
#endif

#ifdef KX_USE_kx_pending_unlock
void kx_pending_unlock(unsigned long flags)
{
	raw_spin_unlock_irqrestore(&kx_pending, flags);
}
#endif

#ifdef KX_USE_kx_pending_pause
void kx_pending_pause(void)
{
	msleep(1);
}
#endif

#ifdef KX_USE_kx_pending_synchronize
void kx_pending_synchronize(void)
{
	/*
	 * A worker may have been preempted between the end of the Rust function and its return into the kernel. It does
	 * not sleep there, and this waits until each thread has slept or is in user space; the kernel frees the
	 * trampolines of ftrace and kprobes in the same way. Where kernel code is not preempted it is synchronize_rcu().
	 */
	synchronize_rcu_tasks();
	/* Interrupts and softirqs, on idle CPUs too, which the above does not look at. */
	synchronize_rcu();
}
#endif
