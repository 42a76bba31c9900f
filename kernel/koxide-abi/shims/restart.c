// SPDX-License-Identifier: GPL-2.0-only
/* Setting a module up again after a panic. */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "koxide.h"

/* One that panics each time that it is set up does so no more often than this, in a minute. */
#define KX_RESTARTS 5

#ifdef KX_USE_kx_restart_start
static void (*kx_restart_run)(void *module);
static void *kx_restart_module;
static struct work_struct kx_restart_work;
static bool kx_restart_may_run;
/* A raw one: a panic may be in interrupt context, where a sleeping lock of PREEMPT_RT may not be taken. */
static DEFINE_RAW_SPINLOCK(kx_restart_lock);

static void kx_restart_allow(bool may_run)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kx_restart_lock, flags);
	kx_restart_may_run = may_run;
	raw_spin_unlock_irqrestore(&kx_restart_lock, flags);
}

static void kx_restart_call(struct work_struct *work)
{
	kx_restart_run(kx_restart_module);
}

void kx_restart_start(void (*run)(void *module), void *module)
{
	kx_restart_run = run;
	kx_restart_module = module;
	INIT_WORK(&kx_restart_work, kx_restart_call);
	kx_restart_allow(true);
}
#endif

#ifdef KX_USE_kx_restart_queue
void kx_restart_queue(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&kx_restart_lock, flags);
	/* It may take long: dropping a module's value waits for whoever uses it. */
	if (kx_restart_may_run)
		queue_work(system_long_wq, &kx_restart_work);
	raw_spin_unlock_irqrestore(&kx_restart_lock, flags);
}
#endif

#ifdef KX_USE_kx_restart_stop
void kx_restart_stop(void)
{
	kx_restart_allow(false);
	/* Nobody queues it any more. */
	cancel_work_sync(&kx_restart_work);
}
#endif

#ifdef KX_USE_kx_restart_begin
u32 kx_restart_begin(void)
{
	/* When it was the last few times. */
	static unsigned long times[KX_RESTARTS];
	static unsigned int count;
	u32 number = 1;
	unsigned int at;

	for (at = 0; at < min_t(unsigned int, count, KX_RESTARTS); at++)
		number += time_before(jiffies, times[at] + 60 * HZ);
	if (number > KX_RESTARTS) {
		printk(KERN_ERR KX_MODULE ": not restarted after a panic: %d times in a minute are enough\n", KX_RESTARTS);
		return 0;
	}
	times[count++ % KX_RESTARTS] = jiffies;
	return number;
}
#endif

#ifdef KX_USE_kx_restart_done
/* How many there were: /sys/module/NAME/parameters/koxide_restarts, which nobody writes to. */
static unsigned int kx_restarts;

static int kx_restarts_set(const char *text, const struct kernel_param *param)
{
	return -EPERM;
}

static const struct kernel_param_ops kx_restarts_ops = {
	.get = param_get_uint,
	.set = kx_restarts_set,
};
module_param_cb(koxide_restarts, &kx_restarts_ops, &kx_restarts, 0444);

void kx_restart_done(u32 number)
{
	WRITE_ONCE(kx_restarts, kx_restarts + 1);
	printk(KERN_NOTICE KX_MODULE ": restarted after a panic (%u of at most %d a minute)\n", number, KX_RESTARTS);
}
#endif

#ifdef KX_USE_kx_restart_failed
void kx_restart_failed(const char *why, int err)
{
	printk(KERN_ERR KX_MODULE ": not restarted after a panic: %s (%d)\n", why, err);
}
#endif

/* Files by their addresses. The kernel keeps nothing in a file that a driver might mark it with. */
struct kx_remembered {
	struct hlist_node node;
	struct file *file;
};

static __maybe_unused DEFINE_HASHTABLE(kx_files, 6);
static __maybe_unused DEFINE_SPINLOCK(kx_files_lock);

/* The caller holds the lock. */
static __maybe_unused struct kx_remembered *kx_file_find(struct file *file)
{
	struct kx_remembered *found;

	hash_for_each_possible(kx_files, found, node, (unsigned long)file)
		if (found->file == file)
			return found;
	return NULL;
}

#ifdef KX_USE_kx_file_remember
int kx_file_remember(struct file *file)
{
	struct kx_remembered *new = kmalloc(sizeof(*new), GFP_KERNEL);

	if (!new)
		return -ENOMEM;
	new->file = file;
	spin_lock(&kx_files_lock);
	hash_add(kx_files, &new->node, (unsigned long)file);
	spin_unlock(&kx_files_lock);
	return 0;
}
#endif

#ifdef KX_USE_kx_file_forget
void kx_file_forget(struct file *file)
{
	struct kx_remembered *found;

	spin_lock(&kx_files_lock);
	found = kx_file_find(file);
	if (found)
		hash_del(&found->node);
	spin_unlock(&kx_files_lock);
	kfree(found);
}

/* The `release` of files whose driver has nothing to do then. */
static int __maybe_unused kx_file_released(struct inode *inode, struct file *file)
{
	kx_file_forget(file);
	return 0;
}
#endif

#ifdef KX_USE_kx_file_is_remembered
int kx_file_is_remembered(struct file *file)
{
	int is;

	spin_lock(&kx_files_lock);
	is = !!kx_file_find(file);
	spin_unlock(&kx_files_lock);
	return is;
}
#endif

#ifdef KX_USE_kx_files_forget
void kx_files_forget(void)
{
	struct kx_remembered *at;
	struct hlist_node *next;
	int bucket;

	spin_lock(&kx_files_lock);
	hash_for_each_safe(kx_files, bucket, next, at, node) {
		hash_del(&at->node);
		kfree(at);
	}
	spin_unlock(&kx_files_lock);
}
#endif
