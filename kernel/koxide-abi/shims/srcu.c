// SPDX-License-Identifier: GPL-2.0-only
/* Read-copy-update whose readers may sleep. */
#include <linux/slab.h>
#include <linux/srcu.h>

#include "koxide.h"

#ifdef KX_USE_kx_srcu_alloc
struct srcu_struct *kx_srcu_alloc(struct kx_lock_class class)
{
	struct srcu_struct *srcu = kzalloc(sizeof(*srcu), GFP_KERNEL);

	if (srcu && init_srcu_struct(srcu)) {
		kfree(srcu);
		return NULL;
	}
	if (srcu)
		kx_set_lock_class(srcu, class);
	return srcu;
}
#endif

#ifdef KX_USE_kx_srcu_free
void kx_srcu_free(struct srcu_struct *srcu)
{
	cleanup_srcu_struct(srcu);
	kfree(srcu);
}
#endif

#ifdef KX_USE_kx_srcu_read_lock
int kx_srcu_read_lock(struct srcu_struct *srcu)
{
	return srcu_read_lock(srcu);
}
#endif

#ifdef KX_USE_kx_srcu_read_unlock
void kx_srcu_read_unlock(struct srcu_struct *srcu, int index)
{
	srcu_read_unlock(srcu, index);
}
#endif

#ifdef KX_USE_kx_synchronize_srcu
void kx_synchronize_srcu(struct srcu_struct *srcu)
{
	synchronize_srcu(srcu);
}
#endif

#ifdef KX_USE_kx_synchronize_srcu_expedited
void kx_synchronize_srcu_expedited(struct srcu_struct *srcu)
{
	synchronize_srcu_expedited(srcu);
}
#endif
