// SPDX-License-Identifier: GPL-2.0-only
/* Work that runs later. */
#include <linux/build_bug.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "koxide.h"
#include "koxide_onstack.h"

static_assert(sizeof(struct work_struct) <= KX_WORK_ROOM,
	      "this kernel's works are larger than the object reserves: it has lock debugging built in");
static_assert(sizeof(struct delayed_work) <= KX_DELAYED_WORK_ROOM,
	      "this kernel's delayed works are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(struct delayed_work) <= 8);
static_assert(offsetof(struct delayed_work, work) == 0);

static_assert(WQ_UNBOUND == KX_WQ_UNBOUND);
static_assert(WQ_FREEZABLE == KX_WQ_FREEZABLE);
static_assert(WQ_MEM_RECLAIM == KX_WQ_MEM_RECLAIM);
static_assert(WQ_HIGHPRI == KX_WQ_HIGHPRI);
static_assert(WQ_CPU_INTENSIVE == KX_WQ_CPU_INTENSIVE);

#ifdef KX_USE_kx_work_init
void kx_work_init(void *work, void (*run)(void *work), struct kx_lock_class class)
{
	struct work_struct *plain = work;

	if (kx_on_stack(plain))
		INIT_WORK_ONSTACK(plain, (work_func_t)(void *)run);
	else
		INIT_WORK(plain, (work_func_t)(void *)run);
	kx_set_lockdep_map(&plain->lockdep_map, class);
}
#endif

#ifdef KX_USE_kx_delayed_work_init
void kx_delayed_work_init(void *work, void (*run)(void *work), struct kx_lock_class class, struct kx_lock_class timer)
{
	struct delayed_work *delayed = work;

	if (kx_on_stack(delayed))
		INIT_DELAYED_WORK_ONSTACK(delayed, (work_func_t)(void *)run);
	else
		INIT_DELAYED_WORK(delayed, (work_func_t)(void *)run);
	kx_set_lockdep_map(&delayed->work.lockdep_map, class);
	kx_set_lockdep_map(&delayed->timer.lockdep_map, timer);
}
#endif

#ifdef KX_USE_kx_queue_work
int kx_queue_work(struct workqueue_struct *queue, void *work)
{
	return queue_work(queue, work);
}
#endif

#ifdef KX_USE_kx_queue_delayed_work
int kx_queue_delayed_work(struct workqueue_struct *queue, void *work, size_t delay)
{
	/* A longer one would be in the past. */
	return queue_delayed_work(queue, work, min_t(size_t, delay, MAX_JIFFY_OFFSET));
}
#endif

#ifdef KX_USE_kx_cancel_work_sync
int kx_cancel_work_sync(void *work)
{
	return cancel_work_sync(work);
}
#endif

#ifdef KX_USE_kx_cancel_delayed_work_sync
int kx_cancel_delayed_work_sync(void *work)
{
	return cancel_delayed_work_sync(work);
}
#endif

#ifdef KX_USE_kx_cancel_delayed_work
int kx_cancel_delayed_work(void *work)
{
	return cancel_delayed_work(work);
}
#endif

#ifdef KX_USE_kx_delayed_work_waits_for
int kx_delayed_work_waits_for(void *work, struct workqueue_struct *queue)
{
	struct delayed_work *delayed = work;

	/* The queue is written before the timer is armed. */
	return timer_pending(&delayed->timer) && (!queue || READ_ONCE(delayed->wq) == queue);
}
#endif

#ifdef KX_USE_kx_flush_work
int kx_flush_work(void *work)
{
	return flush_work(work);
}
#endif

#ifdef KX_USE_kx_flush_delayed_work
int kx_flush_delayed_work(void *work)
{
	return flush_delayed_work(work);
}
#endif

/* Since 6.9 there are queues whose works run in softirqs; before, threads of high priority come closest. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define KX_BH(queue, otherwise) queue
#else
#define KX_BH(queue, otherwise) otherwise
#endif

/* Names that 6.17 introduced; the old ones print a warning when they are used. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define KX_PLAIN_WQ system_percpu_wq
#define KX_SYSTEM_UNBOUND_WQ system_dfl_wq
#else
#define KX_PLAIN_WQ system_wq
#define KX_SYSTEM_UNBOUND_WQ system_unbound_wq
#endif

#ifdef KX_USE_kx_system_workqueue
struct workqueue_struct *kx_system_workqueue(u32 which)
{
	switch (which) {
	case KX_SYSTEM_WQ_HIGHPRI:
		return system_highpri_wq;
	case KX_SYSTEM_WQ_LONG:
		return system_long_wq;
	case KX_SYSTEM_WQ_UNBOUND:
		return KX_SYSTEM_UNBOUND_WQ;
	case KX_SYSTEM_WQ_FREEZABLE:
		return system_freezable_wq;
	case KX_SYSTEM_WQ_POWER_EFFICIENT:
		return system_power_efficient_wq;
	case KX_SYSTEM_WQ_FREEZABLE_POWER_EFFICIENT:
		return system_freezable_power_efficient_wq;
	case KX_SYSTEM_WQ_BH:
		return KX_BH(system_bh_wq, system_highpri_wq);
	case KX_SYSTEM_WQ_BH_HIGHPRI:
		return KX_BH(system_bh_highpri_wq, system_highpri_wq);
	default:
		return KX_PLAIN_WQ;
	}
}
#endif

#ifdef KX_USE_kx_alloc_workqueue
struct workqueue_struct *kx_alloc_workqueue(const char *name, u32 flags, u32 max_active)
{
	u32 kept = flags & (WQ_FREEZABLE | WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_CPU_INTENSIVE);

	if (flags & KX_WQ_ORDERED)
		return alloc_ordered_workqueue("%s", kept, name);
	if (flags & KX_WQ_UNBOUND)
		kept |= WQ_UNBOUND;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	else
		kept |= WQ_PERCPU;
#endif
	/* The kernel says it in the log when it makes the number smaller. */
	return alloc_workqueue("%s", kept, min_t(u32, max_active, WQ_MAX_ACTIVE), name);
}
#endif

#ifdef KX_USE_kx_destroy_workqueue
void kx_destroy_workqueue(struct workqueue_struct *queue)
{
	/* The timer of a delayed work may just be putting it into the queue; it does so in a softirq. */
	synchronize_rcu();
	destroy_workqueue(queue);
}
#endif

#ifdef KX_USE_kx_flush_workqueue
void kx_flush_workqueue(struct workqueue_struct *queue)
{
	flush_workqueue(queue);
}
#endif

#ifdef KX_USE_kx_drain_workqueue
void kx_drain_workqueue(struct workqueue_struct *queue)
{
	/* As above. */
	synchronize_rcu();
	drain_workqueue(queue);
}
#endif
