// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads and a timer that wait for each other, and say in the kernel log what they lock, unlock
 * and wait for: the C twin of the driver beside this folder, which it is measured against.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>

static unsigned int parcels = 3;
module_param(parcels, uint, 0);
MODULE_PARM_DESC(parcels, "How many parcels are sent");

static unsigned int period_ms = 50;
module_param(period_ms, uint, 0);
MODULE_PARM_DESC(period_ms, "How many milliseconds lie between two parcels");

struct parcel {
	struct list_head list;
	u32 number;
};

/*
 * How often the clock struck. The timer's function interrupts whatever this CPU does: a thread that
 * held a plain spinlock then would be waited for, and never go on. So whoever locks this one keeps
 * interrupts away.
 */
static DEFINE_SPINLOCK(struck_lock);
static u32 struck;

/* Done at each strike: a function that must not sleep can do that. */
static DECLARE_COMPLETION(strike);

/* Whoever puts parcels in may sleep, for memory, with the lock held. So it is one that sleeps. */
static DEFINE_MUTEX(parcels_lock);
static LIST_HEAD(waiting);
static u32 left;
static bool closed;
static DECLARE_WAIT_QUEUE_HEAD(changed);

/* Only threads lock this, for a moment. */
static DEFINE_SPINLOCK(total_lock);
static u64 total;

/* The receiver is there. */
static DECLARE_COMPLETION(opened);

/* A thread is over, and has left this module. */
static DECLARE_COMPLETION(finished);

static void sync_strike(struct timer_list *clock);
static DEFINE_TIMER(clock, sync_strike);

static void sync_arm(void)
{
	mod_timer(&clock, jiffies + msecs_to_jiffies(period_ms));
}

static void sync_strike(struct timer_list *unused)
{
	unsigned long flags;

	spin_lock_irqsave(&struck_lock, flags);
	pr_info("irq spinlock: locked\n");
	pr_info("irq spinlock: strike %u\n", ++struck);
	complete(&strike);
	if (struck < parcels)
		sync_arm();
	pr_info("irq spinlock: unlocked\n");
	spin_unlock_irqrestore(&struck_lock, flags);
}

static void sync_lock(void)
{
	mutex_lock(&parcels_lock);
	pr_info("mutex: locked\n");
}

static void sync_unlock(void)
{
	pr_info("mutex: unlocked\n");
	mutex_unlock(&parcels_lock);
}

static void sync_close(void)
{
	sync_lock();
	closed = true;
	sync_unlock();
	wake_up(&changed);
	complete_all(&strike);
}

/* Whether the post office was open, and there was memory. */
static bool sync_send(u32 number)
{
	struct parcel *parcel = NULL;

	sync_lock();
	if (!closed) {
		parcel = kmalloc(sizeof(*parcel), GFP_KERNEL);
		if (parcel) {
			parcel->number = number;
			list_add_tail(&parcel->list, &waiting);
			left++;
			pr_info("mutex: parcel %u was sent\n", number);
			wake_up(&changed);
		}
	}
	sync_unlock();
	return parcel;
}

/* Waits for a parcel; none when the post office is closed and no parcel is left. */
static struct parcel *sync_receive(void)
{
	struct parcel *parcel = NULL;

	sync_lock();
	while (!left && !closed) {
		pr_info("condvar: the receiver waits, and the mutex is unlocked meanwhile\n");
		mutex_unlock(&parcels_lock);
		wait_event_idle(changed, READ_ONCE(left) || READ_ONCE(closed));
		mutex_lock(&parcels_lock);
		pr_info("condvar: the receiver was woken, and has the mutex again\n");
	}
	if (left) {
		parcel = list_first_entry(&waiting, struct parcel, list);
		list_del(&parcel->list);
		pr_info("mutex: a parcel was received, %u are left\n", --left);
	}
	sync_unlock();
	return parcel;
}

/* Sends one parcel at each strike of the clock. */
static int sync_sender(void *unused)
{
	u32 number = 0;

	while (number < parcels) {
		/* Kernel threads get no signals, and one that waits like this is not busy. */
		wait_for_completion_interruptible(&strike);
		pr_info("completion: the sender got through\n");
		if (!sync_send(++number))
			break;
	}
	sync_close();
	kthread_complete_and_exit(&finished, 0);
}

static int sync_receiver(void *unused)
{
	struct parcel *parcel;

	complete(&opened);
	while ((parcel = sync_receive())) {
		spin_lock(&total_lock);
		pr_info("spinlock: locked\n");
		total += parcel->number;
		pr_info("spinlock: total %llu\n", total);
		pr_info("spinlock: unlocked\n");
		spin_unlock(&total_lock);
		kfree(parcel);
	}
	pr_info("finished: total %llu\n", total);
	kthread_complete_and_exit(&finished, 0);
}

static void sync_stop(void)
{
	sync_close();
	pr_info("closed\n");
	timer_delete_sync(&clock);
	wait_for_completion(&finished);
	wait_for_completion(&finished);
}

static int __init sync_init(void)
{
	unsigned long patience = msecs_to_jiffies(5000);
	struct task_struct *task;
	unsigned long rest;

	task = kthread_run(sync_receiver, NULL, "sync_receiver");
	if (IS_ERR(task))
		return PTR_ERR(task);
	task = kthread_run(sync_sender, NULL, "sync_sender");
	if (IS_ERR(task)) {
		sync_close();
		wait_for_completion(&finished);
		return PTR_ERR(task);
	}
	if (parcels)
		sync_arm();
	rest = wait_for_completion_timeout(&opened, patience);
	if (!rest) {
		sync_stop();
		return -ETIMEDOUT;
	}
	pr_info("completion: opened, %lu of %lu jiffies before the time was over\n", rest,
		patience);
	return 0;
}

static void __exit sync_exit(void)
{
	sync_stop();
}

module_init(sync_init);
module_exit(sync_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("Threads and a timer that wait for each other, and say so");
MODULE_LICENSE("GPL");
