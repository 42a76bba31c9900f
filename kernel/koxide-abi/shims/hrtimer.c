// SPDX-License-Identifier: GPL-2.0-only
/* Timers of high resolution. */
#include <linux/build_bug.h>
#include <linux/hrtimer.h>
#include <linux/minmax.h>
#include <linux/time.h>
#include <linux/version.h>

#include "koxide.h"
#include "koxide_onstack.h"

static_assert(sizeof(struct hrtimer) <= KX_HRTIMER_ROOM, "this kernel's timers are larger than the object reserves");
static_assert(__alignof__(struct hrtimer) <= 8);

static_assert(HRTIMER_MODE_ABS == 0);
static_assert(HRTIMER_MODE_REL == KX_HRTIMER_MODE_REL);
static_assert(HRTIMER_MODE_PINNED == KX_HRTIMER_MODE_PINNED);
static_assert(HRTIMER_MODE_SOFT == KX_HRTIMER_MODE_SOFT);
static_assert(HRTIMER_MODE_HARD == KX_HRTIMER_MODE_HARD);
static_assert(HRTIMER_NORESTART == 0 && HRTIMER_RESTART == 1);
/* The numbers are those of kernel/koxide/src/time/instant.rs. */
static_assert(CLOCK_REALTIME == 0 && CLOCK_MONOTONIC == 1 && CLOCK_BOOTTIME == 7 && CLOCK_TAI == 11);

#ifdef KX_USE_kx_hrtimer_init
void kx_hrtimer_init(void *timer, int (*run)(void *timer), u32 clock, u32 mode)
{
	enum hrtimer_restart (*function)(struct hrtimer *timer) = (void *)run;

	static_assert(sizeof(enum hrtimer_restart) == sizeof(int));
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	if (kx_on_stack(timer))
		hrtimer_setup_on_stack(timer, function, clock, mode);
	else
		hrtimer_setup(timer, function, clock, mode);
#else
	if (kx_on_stack(timer))
		hrtimer_init_on_stack(timer, clock, mode);
	else
		hrtimer_init(timer, clock, mode);
	((struct hrtimer *)timer)->function = function;
#endif
}
#endif

#ifdef KX_USE_kx_hrtimer_start
void kx_hrtimer_start(void *timer, s64 nanoseconds, u32 mode)
{
	/* What is over comes at once; the kernel takes a negative span for an endless one. */
	hrtimer_start(timer, ns_to_ktime(max_t(s64, nanoseconds, 0)), mode);
}
#endif

#ifdef KX_USE_kx_hrtimer_cancel
int kx_hrtimer_cancel(void *timer)
{
	return hrtimer_cancel(timer);
}
#endif

#ifdef KX_USE_kx_hrtimer_try_to_cancel
int kx_hrtimer_try_to_cancel(void *timer)
{
	return hrtimer_try_to_cancel(timer);
}
#endif

#ifdef KX_USE_kx_hrtimer_forward
u64 kx_hrtimer_forward(void *timer, s64 now, s64 interval)
{
	/* The kernel warns of one that another thread has started meanwhile. */
	if (hrtimer_is_queued(timer))
		return 0;
	return hrtimer_forward(timer, ns_to_ktime(now), ns_to_ktime(interval));
}
#endif

#ifdef KX_USE_kx_hrtimer_expires
s64 kx_hrtimer_expires(void *timer)
{
	return ktime_to_ns(hrtimer_get_expires(timer));
}
#endif
