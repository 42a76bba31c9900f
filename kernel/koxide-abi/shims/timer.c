// SPDX-License-Identifier: GPL-2.0-only
/* Timers that count ticks. */
#include <linux/build_bug.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/timer.h>
#include <linux/version.h>

#include "koxide.h"
#include "koxide_onstack.h"

static_assert(sizeof(struct timer_list) <= KX_TIMER_ROOM,
	      "this kernel's timers are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(struct timer_list) <= 8);

#ifdef KX_USE_kx_timer_init
void kx_timer_init(void *timer, void (*run)(void *timer))
{
	void (*function)(struct timer_list *timer) = (void *)run;

	if (kx_on_stack(timer))
		timer_setup_on_stack((struct timer_list *)timer, function, 0);
	else
		timer_setup((struct timer_list *)timer, function, 0);
#ifdef CONFIG_LOCKDEP
	/* The class of a timer is its function: a function that waits for other timers does not wait for itself. */
	lockdep_init_map(&((struct timer_list *)timer)->lockdep_map, "timer of a Rust module", (void *)run, 0);
#endif
}
#endif

#ifdef KX_USE_kx_timer_arm
int kx_timer_arm(void *timer, size_t ticks)
{
	/* A longer time would be in the past. */
	return mod_timer(timer, jiffies + min_t(size_t, ticks, MAX_JIFFY_OFFSET));
}
#endif

#ifdef KX_USE_kx_timer_pending
int kx_timer_pending(void *timer)
{
	return timer_pending((struct timer_list *)timer);
}
#endif

#ifdef KX_USE_kx_timer_delete_sync
int kx_timer_delete_sync(void *timer)
{
	return timer_delete_sync(timer);
}
#endif

#ifdef KX_USE_kx_timer_try_to_delete
int kx_timer_try_to_delete(void *timer)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return timer_delete_sync_try(timer);
#else
	return try_to_del_timer_sync(timer);
#endif
}
#endif

#ifdef KX_USE_kx_timer_shutdown_sync
int kx_timer_shutdown_sync(void *timer)
{
	return timer_shutdown_sync(timer);
}
#endif
