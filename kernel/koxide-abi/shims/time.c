// SPDX-License-Identifier: GPL-2.0-only
/* Time. */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/time.h>
#include <linux/timekeeping.h>

#include "koxide.h"

#ifdef KX_USE_kx_fsleep
void kx_fsleep(u64 microseconds)
{
	/* It rounds up in 32 bits where these are all that a long has. */
	if (BITS_PER_LONG == 32 && microseconds > UINT_MAX - 1000)
		msleep(min_t(u64, div_u64(microseconds, 1000) + 1, UINT_MAX));
	else
		fsleep(min_t(u64, microseconds, ULONG_MAX));
}
#endif

#ifdef KX_USE_kx_msecs_to_jiffies
size_t kx_msecs_to_jiffies(unsigned int milliseconds)
{
	return msecs_to_jiffies(milliseconds);
}
#endif

#ifdef KX_USE_kx_jiffies
size_t kx_jiffies(void)
{
	return jiffies;
}
#endif

#ifdef KX_USE_kx_ktime_get
s64 kx_ktime_get(u32 clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
		return ktime_get_real();
	case CLOCK_BOOTTIME:
		return ktime_get_boottime();
	case CLOCK_TAI:
		return ktime_get_clocktai();
	default:
		return ktime_get();
	}
}
#endif

#ifdef KX_USE_kx_udelay
void kx_udelay(u32 microseconds)
{
	u32 left = min_t(u32, microseconds, 5000);

	/* 32-bit ARM waits for 2 ms at most. */
	for (; IS_ENABLED(CONFIG_ARM) && left > 1000; left -= 1000)
		udelay(1000);
	udelay(left);
}
#endif

#ifdef KX_USE_kx_usleep_range
void kx_usleep_range(size_t least, size_t most)
{
	usleep_range(least, max(least, most));
}
#endif

#ifdef KX_USE_kx_sleep_ticks
size_t kx_sleep_ticks(size_t ticks, u32 interruptible)
{
	long timeout = min_t(size_t, ticks, MAX_SCHEDULE_TIMEOUT);

	return interruptible ? schedule_timeout_interruptible(timeout) : schedule_timeout_uninterruptible(timeout);
}
#endif

#ifdef KX_USE_kx_msleep_interruptible
size_t kx_msleep_interruptible(unsigned int milliseconds)
{
	return msleep_interruptible(milliseconds);
}
#endif
