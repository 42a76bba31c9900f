// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does while it is loaded what its parameter names: one mistake for each detector of a debug kernel. None of them
 * brings the machine down, so that several can be made in one boot.
 */
#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/timer.h>

static char *fault = "";
module_param(fault, charp, 0);

/* What a compiler knows nothing of. */
#define HIDDEN(x) ({ typeof(x) _x = (x); OPTIMIZER_HIDE_VAR(_x); _x; })

struct owner {
	struct mutex lock;
	struct timer_list timer;
};

static void use_after_free(void)
{
	char *freed = kmalloc(24, GFP_KERNEL);

	if (!freed)
		return;
	freed = HIDDEN(freed);
	kfree(freed);
	READ_ONCE(freed[3]);
}

static void double_free(void)
{
	void *freed = HIDDEN(kmalloc(24, GFP_KERNEL));

	kfree(freed);
	kfree(HIDDEN(freed));
}

static void adds_twice(void)
{
	static LIST_HEAD(head);
	static struct list_head entry;

	list_add(&entry, &head);
	list_add(HIDDEN(&entry), &head);
}

static void underflow(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	refcount_dec(&count);
	refcount_set(&count, 0);
	refcount_dec(&count);
}

static void nested_locks(void)
{
	struct mutex locks[2];
	int i;

	/* One line makes both: they are of one class, and the order among them is nowhere said. */
	for (i = 0; i < 2; i++)
		mutex_init(&locks[i]);
	mutex_lock(&locks[0]);
	mutex_lock(&locks[1]);
	mutex_unlock(&locks[1]);
	mutex_unlock(&locks[0]);
}

static void frees_held_lock(void)
{
	struct owner *owner = kzalloc(sizeof(*owner), GFP_KERNEL);

	if (!owner)
		return;
	mutex_init(&owner->lock);
	mutex_lock(&owner->lock);
	kfree(owner);
}

static void nothing(struct timer_list *timer)
{
}

static void frees_active_timer(void)
{
	struct owner *owner = kzalloc(sizeof(*owner), GFP_KERNEL);

	if (!owner)
		return;
	timer_setup(&owner->timer, nothing, 0);
	mod_timer(&owner->timer, jiffies + 60 * HZ);
	kfree(owner);
}

static void sleeps_in_atomic(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void reads_without_rcu(void)
{
	static int __rcu *pointer;

	HIDDEN(rcu_dereference(pointer));
}

static void leaks(void)
{
	/* Nothing may keep the pointer: neither a register nor what was left on the stack. */
	char *lost = kmalloc(1234, GFP_KERNEL);

	if (lost)
		snprintf(lost, 1234, "lost by C");
}

static const struct {
	const char *name;
	void (*make)(void);
} faults[] = {
	{ "use-after-free", use_after_free },
	{ "double-free", double_free },
	{ "list", adds_twice },
	{ "refcount", underflow },
	{ "nested-locks", nested_locks },
	{ "frees-held-lock", frees_held_lock },
	{ "frees-active-timer", frees_active_timer },
	{ "sleeps-in-atomic", sleeps_in_atomic },
	{ "reads-without-rcu", reads_without_rcu },
	{ "leaks", leaks },
};

static int __init broken_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(faults[i].name, fault)) {
			faults[i].make();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit broken_exit(void)
{
}

module_init(broken_init);
module_exit(broken_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Makes the mistake that its parameter names");
