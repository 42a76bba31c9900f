// SPDX-License-Identifier: GPL-2.0-only
/* Time. */
#include <linux/delay.h>
#include <linux/kernel.h>

#include "koxide.h"

#ifdef KX_USE_kx_fsleep
void kx_fsleep(u64 microseconds)
{
	fsleep(min_t(u64, microseconds, ULONG_MAX));
}
#endif
