// SPDX-License-Identifier: GPL-2.0-only
/* Kernel threads. */
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "koxide.h"
#include "koxide_field.h"

struct kx_kthread {
	struct task_struct *task;
	struct completion started;
	struct completion returned;
	/* Protects `stopped`: kthread_stop() must be called once only. */
	struct mutex stopping;
	bool stopped;
	void (*body)(void *data);
	void *data;
};

#ifdef KX_USE_kx_kthread_create
static int kx_kthread_main(void *data)
{
	struct kx_kthread *thread = data;

	complete_all(&thread->started);
	thread->body(thread->data);
	complete_all(&thread->returned);
	return 0;
}

int kx_kthread_create(const char *name, struct kx_kthread **out)
{
	struct kx_kthread *thread = kzalloc(sizeof(*thread), GFP_KERNEL);
	struct task_struct *task;

	if (!thread)
		return -ENOMEM;
	init_completion(&thread->started);
	init_completion(&thread->returned);
	mutex_init(&thread->stopping);
	task = kthread_create(kx_kthread_main, thread, "%s", name);
	if (IS_ERR(task)) {
		kfree(thread);
		return PTR_ERR(task);
	}
	/* A thread that ends by itself is still there to be stopped. */
	thread->task = get_task_struct(task);
	*out = thread;
	return 0;
}
#endif

#ifdef KX_USE_kx_kthread_start
void kx_kthread_start(struct kx_kthread *thread, void (*body)(void *data), void *data)
{
	thread->body = body;
	thread->data = data;
	wake_up_process(thread->task);
}
#endif

#ifdef KX_USE_kx_kthread_wait
void kx_kthread_wait(struct kx_kthread *thread)
{
	wait_for_completion(&thread->returned);
}
#endif

#ifdef KX_USE_kx_kthread_returned
int kx_kthread_returned(struct kx_kthread *thread)
{
	return completion_done(&thread->returned);
}
#endif

#ifdef KX_USE_kx_kthread_stop
void kx_kthread_stop(struct kx_kthread *thread)
{
	mutex_lock(&thread->stopping);
	if (!thread->stopped) {
		/* A thread that is told to stop before it has begun would never call its body, which owns things. */
		wait_for_completion(&thread->started);
		/* This returns when the thread is in do_exit(), and so will not come back into the module. */
		kthread_stop(thread->task);
		thread->stopped = true;
	}
	mutex_unlock(&thread->stopping);
}
#endif

#ifdef KX_USE_kx_kthread_task
KX_FIELD(kx_kthread_task, struct kx_kthread, task);
#endif

#ifdef KX_USE_kx_kthread_free
void kx_kthread_free(struct kx_kthread *thread)
{
	put_task_struct(thread->task);
	kfree(thread);
}
#endif

#if defined(KX_USE_kx_kthread_should_stop) || defined(KX_USE_kx_kthread_sleep)
/* kthread_should_stop() takes the running task for a kernel thread without looking. */
static bool kx_kthread_told_to_stop(void)
{
	return in_task() && (current->flags & PF_KTHREAD) && kthread_should_stop();
}
#endif

#ifdef KX_USE_kx_kthread_should_stop
int kx_kthread_should_stop(void)
{
	return kx_kthread_told_to_stop();
}
#endif

#ifdef KX_USE_kx_kthread_sleep
void kx_kthread_sleep(u32 milliseconds)
{
	/* First the state, then the question: a wake-up in between lets schedule_timeout() return at once. */
	set_current_state(TASK_IDLE);
	if (!kx_kthread_told_to_stop())
		schedule_timeout(msecs_to_jiffies(milliseconds) + 1);
	__set_current_state(TASK_RUNNING);
}
#endif
