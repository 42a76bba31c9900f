// SPDX-License-Identifier: GPL-2.0-only
/* Wait queues. */
#include <linux/build_bug.h>
#include <linux/sched.h>
#include <linux/wait.h>

#include "koxide.h"

static_assert(sizeof(wait_queue_head_t) <= KX_WAIT_QUEUE_HEAD_ROOM,
	      "this kernel's wait queues are larger than the object reserves: it has lock debugging built in");
static_assert(sizeof(wait_queue_entry_t) <= KX_WAIT_QUEUE_ENTRY_ROOM);
static_assert(__alignof__(wait_queue_head_t) <= 8 && __alignof__(wait_queue_entry_t) <= 8);
static_assert(TASK_INTERRUPTIBLE == KX_TASK_INTERRUPTIBLE && TASK_UNINTERRUPTIBLE == KX_TASK_UNINTERRUPTIBLE);
static_assert(TASK_FREEZABLE == KX_TASK_FREEZABLE);

#ifdef KX_USE_kx_init_waitqueue_head
void kx_init_waitqueue_head(void *head, struct kx_lock_class class)
{
	wait_queue_head_t *queue = head;

	init_waitqueue_head(queue);
	kx_set_lock_class(&queue->lock, class);
}
#endif

#ifdef KX_USE_kx_init_wait_entry
void kx_init_wait_entry(void *entry, int flags)
{
	init_wait_entry(entry, flags);
}
#endif

#ifdef KX_USE_kx_prepare_to_wait_exclusive
void kx_prepare_to_wait_exclusive(void *head, void *entry, unsigned int state)
{
	prepare_to_wait_exclusive(head, entry, state);
}
#endif

#ifdef KX_USE_kx_prepare_to_wait_event
long kx_prepare_to_wait_event(void *head, void *entry, unsigned int state)
{
	return prepare_to_wait_event(head, entry, state);
}
#endif

#ifdef KX_USE_kx_schedule_timeout
long kx_schedule_timeout(long timeout)
{
	return schedule_timeout(timeout);
}
#endif

#ifdef KX_USE_kx_finish_wait
void kx_finish_wait(void *head, void *entry)
{
	finish_wait(head, entry);
}
#endif

#ifdef KX_USE_kx_wake_up
void kx_wake_up(void *head, unsigned int mode, int exclusive, void *key)
{
	__wake_up(head, mode, exclusive, key);
}
#endif

#ifdef KX_USE_kx_wake_up_sync
void kx_wake_up_sync(void *head)
{
	__wake_up_sync(head, TASK_NORMAL);
}
#endif
