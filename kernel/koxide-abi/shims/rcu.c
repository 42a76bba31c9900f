// SPDX-License-Identifier: GPL-2.0-only
/* Read-copy-update. */
#include <linux/rcupdate.h>

#include "koxide.h"

#ifdef KX_USE_kx_rcu_read_lock
void kx_rcu_read_lock(void)
{
	rcu_read_lock();
}
#endif

#ifdef KX_USE_kx_rcu_read_unlock
void kx_rcu_read_unlock(void)
{
	rcu_read_unlock();
}
#endif

#ifdef KX_USE_kx_synchronize_rcu
void kx_synchronize_rcu(void)
{
	synchronize_rcu();
}
#endif

#ifdef KX_USE_kx_rcu_barrier
void kx_rcu_barrier(void)
{
	rcu_barrier();
}
#endif
