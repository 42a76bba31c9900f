/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that others may still look at as long as any of the module's code runs. */
#ifndef KOXIDE_RETIRE_H
#define KOXIDE_RETIRE_H

#include <linux/llist.h>
#include <linux/slab.h>

/* The shims of a module are one C file: there is one list. */
static LLIST_HEAD(kx_retired);

/* The first member of what is retired, which kmalloc() gave. Any context. */
struct kx_retired {
	struct llist_node node;
};

static inline void kx_retire(struct kx_retired *memory)
{
	llist_add(&memory->node, &kx_retired);
}

/* The last thing that the module's exit does, or its init that failed. */
static inline void kx_free_retired(void)
{
	struct llist_node *node = llist_del_all(&kx_retired), *next;

	for (; node; node = next) {
		next = node->next;
		kfree(node);
	}
}

#endif
