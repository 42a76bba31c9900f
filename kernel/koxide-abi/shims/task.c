// SPDX-License-Identifier: GPL-2.0-only
/* Threads. */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/cred.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/thread_info.h>

#include "koxide.h"
#include "koxide_field.h"

#ifdef KX_USE_kx_current
KX_PER_CPU(kx_current, current);
#endif

#ifdef KX_USE_kx_get_task
void kx_get_task(struct task_struct *task)
{
	get_task_struct(task);
}
#endif

#ifdef KX_USE_kx_put_task
void kx_put_task(struct task_struct *task)
{
	put_task_struct(task);
}
#endif

#ifdef KX_USE_kx_task_pid
KX_FIELD(kx_task_pid, struct task_struct, pid);
#endif

#ifdef KX_USE_kx_task_tgid
KX_FIELD(kx_task_tgid, struct task_struct, tgid);
#endif

#ifdef KX_USE_kx_task_tgid_vnr
int kx_task_tgid_vnr(struct task_struct *task)
{
	/* An interrupt may come when the running thread has no number any more, and so no namespace. */
	return in_task() ? task_tgid_vnr(task) : 0;
}
#endif

#ifdef KX_USE_kx_task_uid
u32 kx_task_uid(struct task_struct *task)
{
	return __kuid_val(task_uid(task));
}
#endif

#ifdef KX_USE_kx_task_comm
void kx_task_comm(struct task_struct *task, u8 *name)
{
	static_assert(TASK_COMM_LEN == 16);
	/* The name may change meanwhile; the last byte is a NUL at all times, and here in any case. */
	memcpy(name, task->comm, TASK_COMM_LEN);
	name[TASK_COMM_LEN - 1] = 0;
}
#endif

#ifdef KX_USE_kx_task_group_leader
struct task_struct *kx_task_group_leader(struct task_struct *task)
{
	/* An interrupt may come when the thread has all but exited, and its leader is gone. */
	return in_task() ? task->group_leader : task;
}
#endif

#ifdef KX_USE_kx_task_thread_flags
KX_FIELD(kx_task_thread_flags, struct task_struct, thread_info.flags);
#endif

#ifdef KX_USE_kx_signal_flags
/* All that signal_pending() looks at first. */
KX_VALUE(kx_signal_flags, BIT(TIF_SIGPENDING) | BIT(TIF_NOTIFY_SIGNAL));
#endif

#ifdef KX_USE_kx_task_signal_pending
int kx_task_signal_pending(struct task_struct *task)
{
	return signal_pending(task);
}
#endif

#ifdef KX_USE_kx_task_wake_up
void kx_task_wake_up(struct task_struct *task)
{
	wake_up_process(task);
}
#endif

#ifdef KX_USE_kx_cond_resched
void kx_cond_resched(void)
{
	cond_resched();
}
#endif

#ifdef KX_USE_kx_might_sleep
void kx_might_sleep(void)
{
	might_sleep();
}
#endif
