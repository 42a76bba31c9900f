// SPDX-License-Identifier: GPL-2.0-only
/* Classes of locks. */
#include <linux/lockdep.h>

#include "koxide.h"

#ifdef KX_USE_kx_lockdep_register_key
void kx_lockdep_register_key(const void *key)
{
	lockdep_register_key((struct lock_class_key *)key);
}
#endif

#ifdef KX_USE_kx_lockdep_unregister_key
void kx_lockdep_unregister_key(const void *key)
{
	lockdep_unregister_key((struct lock_class_key *)key);
}
#endif
