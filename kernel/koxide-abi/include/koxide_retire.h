/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that others may still look at as long as any of the module's code runs. */
#ifndef KOXIDE_RETIRE_H
#define KOXIDE_RETIRE_H

#include <linux/atomic.h>
#include <linux/slab.h>

/* The first member of what is retired, which kmalloc() gave. */
struct kx_retired {
	struct kx_retired *next;
};

/* The shims of a module are one C file: there is one list. */
static struct kx_retired *kx_retired;

/* Any context. Nobody looks at the list before its end, so that an entry's successor may come a moment later. */
static inline void kx_retire(struct kx_retired *memory)
{
	memory->next = xchg(&kx_retired, memory);
}

/* The last thing that the module's exit does, or its init that failed. */
static inline void kx_free_retired(void)
{
	struct kx_retired *memory = kx_retired, *next;

	for (; memory; memory = next) {
		next = memory->next;
		kfree(memory);
	}
}

#endif
