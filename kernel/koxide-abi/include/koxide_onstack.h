/* SPDX-License-Identifier: GPL-2.0-only */
/* Timers and works in local variables. */
#ifndef KOXIDE_ONSTACK_H
#define KOXIDE_ONSTACK_H

#include <linux/sched/task_stack.h>
#include <linux/types.h>

/*
 * A kernel that keeps books about its objects wants to be told of those on a stack when they are made. Rust says where a
 * value is by putting it there. Such an object is not signed off when its scope ends: it was stopped by then, and the
 * next one at that place takes over its entry.
 */
static inline bool kx_on_stack(const void *object)
{
	return IS_ENABLED(CONFIG_DEBUG_OBJECTS) && object_is_on_stack(object);
}

#endif
