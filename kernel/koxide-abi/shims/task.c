// SPDX-License-Identifier: GPL-2.0-only
/* The running thread. */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "koxide.h"

#ifdef KX_USE_kx_current_pid
int kx_current_pid(void)
{
	return task_pid_nr(current);
}
#endif

#ifdef KX_USE_kx_current_signal_pending
int kx_current_signal_pending(void)
{
	return signal_pending(current);
}
#endif

#ifdef KX_USE_kx_cond_resched
void kx_cond_resched(void)
{
	cond_resched();
}
#endif
