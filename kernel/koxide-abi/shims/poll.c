// SPDX-License-Identifier: GPL-2.0-only
/* What poll(2) and its relatives wait for. */
#include <linux/jiffies.h>
#include <linux/kconfig.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "koxide.h"

#ifdef KX_USE_kx_poll_wait
void kx_poll_wait(struct file *file, void *head, struct poll_table_struct *table)
{
	poll_wait(file, head, table);
}
#endif

#ifdef KX_USE_kx_end_polls
/* Whether a queue has entries, or somebody still holds its lock, who has just taken the last one out. */
static __cold bool kx_is_polled(wait_queue_head_t *queue)
{
	unsigned long flags;
	bool polled = waitqueue_active(queue);

	/* A sleeping lock is looked at even after it seems to be free. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		spin_lock_irqsave(&queue->lock, flags);
		polled = waitqueue_active(queue);
		spin_unlock_irqrestore(&queue->lock, flags);
		return polled;
	}
	smp_rmb();
	polled |= spin_is_locked(&queue->lock);
	smp_mb();
	return polled;
}

__cold void kx_end_polls(void *head)
{
	/* Not the kernel's wake_up_pollfree(): it warns of a thread that is in poll(2) at this moment. */
	__wake_up(head, TASK_NORMAL, 0, poll_to_key(EPOLLHUP | POLLFREE));
	/* Who left the queue that way may still look at its lock in a read-side critical section. */
	synchronize_rcu();
	while (kx_is_polled(head)) {
		/* As who waits for a condition does: where somebody polls somebody waits, so that it is linked already. */
		__set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(HZ / 100 + 1);
	}
}
#endif
