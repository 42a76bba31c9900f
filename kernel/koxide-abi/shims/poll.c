// SPDX-License-Identifier: GPL-2.0-only
/* What poll(2) and its relatives wait for. */
#include <linux/poll.h>
#include <linux/wait.h>

#include "koxide.h"

#ifdef KX_USE_kx_poll_wait
void kx_poll_wait(struct file *file, void *head, struct poll_table_struct *table)
{
	poll_wait(file, head, table);
}
#endif

#ifdef KX_USE_kx_wake_up_pollfree
void kx_wake_up_pollfree(void *head)
{
	/* Not the kernel's wake_up_pollfree(): it warns of a thread that is in poll(2) at this moment. */
	__wake_up(head, TASK_NORMAL, 0, poll_to_key(EPOLLHUP | POLLFREE));
}
#endif
