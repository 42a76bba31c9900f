/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A module's fault plan, and the ledger of what it was given.
 *
 * Only modules for tests have this: their C file is compiled with `-include koxide_faulty.h`, which puts these functions
 * around those of the kernel that may fail for want of memory. The Rust object is the one that is shipped.
 *
 * User space says in the parameter `kx_fail_at` which allocation is to fail, counted from 1 from then on: those of the
 * thread that said it, or of all threads, works and timers where `kx_fail_everywhere` is set. So what fails is the same
 * each time. What was not given back when the module's exit, or its init that failed, is over, is complained about.
 */
#ifndef KOXIDE_FAULTS_H
#define KOXIDE_FAULTS_H

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

/* What is given back by another function than memory is another thing, also where it has the same address. */
enum kx_kind {
	KX_LOCK,
	KX_MEMORY,
	KX_OBJECT,
	KX_REFERENCE,
	KX_REGISTRATION,
};

/* Something that the module was given. */
struct kx_loan {
	struct hlist_node node;
	/* Not the address itself, which the search for memory that nobody refers to any more would find here. */
	unsigned long hidden;
	enum kx_kind kind;
	/* The kernel's function, the shim that called it, where that was called from, and the how many-th it was. */
	const char *giver;
	const char *shim;
	unsigned long caller;
	unsigned long number;
};

static DEFINE_RAW_SPINLOCK(kx_faults_lock);

/* All that follows is read and written with the lock held. */
static DEFINE_HASHTABLE(kx_loans, 8);
static unsigned long kx_outstanding;
static bool kx_incomplete;

static unsigned long kx_fail_at;
static bool kx_fail_everywhere;
/* Compared only. */
static const struct task_struct *kx_planner;
static unsigned long kx_asked;
static unsigned long kx_failed;

#ifdef CONFIG_FAULT_INJECTION
/*
 * Kernels that are made for tests count the allocations of a thread by themselves. From the first allocation of the plan
 * on, this one fails, also one that a function of the kernel makes for itself.
 */
static unsigned int kx_fail_nth;

static void kx_fail_kernel(void)
{
	if (in_task() && kx_planner == current && kx_asked == 1 && kx_fail_nth) {
		current->fail_nth = kx_fail_nth;
		kx_fail_nth = 0;
	}
}

/* The ledger's own memory is no part of that. */
static inline unsigned int kx_nothing_fails(void)
{
	unsigned int nth = in_task() ? current->fail_nth : 0;

	if (nth)
		current->fail_nth = 0;
	return nth;
}

static inline void kx_fails_again(unsigned int nth)
{
	if (nth)
		current->fail_nth = nth;
}
#else
static inline void kx_fail_kernel(void) { }
static inline unsigned int kx_nothing_fails(void) { return 0; }
static inline void kx_fails_again(unsigned int nth) { }
#endif

/* Whether what a shim is about to ask for is to fail. */
static bool __maybe_unused kx_fault(const char *giver, const char *shim, unsigned long caller)
{
	unsigned long flags, number = 0;
	bool fails = false;

	raw_spin_lock_irqsave(&kx_faults_lock, flags);
	if (kx_planner && (kx_fail_everywhere || (in_task() && kx_planner == current))) {
		number = ++kx_asked;
		fails = number == kx_fail_at;
		kx_failed += fails;
		kx_fail_kernel();
	}
	raw_spin_unlock_irqrestore(&kx_faults_lock, flags);
	if (fails)
		pr_info("%s: allocation %lu fails: %s in %s for %pS\n", KBUILD_MODNAME, number, giver, shim, (void *)caller);
	return fails;
}

/* Puts into the ledger what the kernel has given. */
static void __maybe_unused kx_lend(enum kx_kind kind, const void *what, const char *giver, const char *shim,
				   unsigned long caller)
{
	unsigned int nth = kx_nothing_fails();
	struct kx_loan *loan = kmalloc(sizeof(*loan), GFP_ATOMIC | __GFP_NOWARN);
	unsigned long flags;

	kx_fails_again(nth);
	if (!loan) {
		WRITE_ONCE(kx_incomplete, true);
		return;
	}
	loan->hidden = ~(unsigned long)what;
	loan->kind = kind;
	loan->giver = giver;
	loan->shim = shim;
	loan->caller = caller;
	raw_spin_lock_irqsave(&kx_faults_lock, flags);
	loan->number = kx_asked;
	hash_add(kx_loans, &loan->node, loan->hidden);
	kx_outstanding++;
	raw_spin_unlock_irqrestore(&kx_faults_lock, flags);
}

/* Takes out of it what is about to be given back, if it is there: a shim may also give back what Rust was lent. */
static void __maybe_unused kx_give_back(enum kx_kind kind, const void *what)
{
	unsigned long hidden = ~(unsigned long)what, flags;
	struct kx_loan *loan, *found = NULL;

	raw_spin_lock_irqsave(&kx_faults_lock, flags);
	hash_for_each_possible(kx_loans, loan, node, hidden) {
		if (loan->hidden == hidden && loan->kind == kind) {
			found = loan;
			hash_del(&loan->node);
			kx_outstanding--;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&kx_faults_lock, flags);
	kfree(found);
}

/* The module goes: none of its code runs any more but this. */
static void kx_close_ledger(void)
{
	struct kx_loan *loan;
	struct hlist_node *next;
	int bucket;

	/* The machine that runs tests takes a line that begins like this for a complaint. */
	hash_for_each_safe(kx_loans, bucket, next, loan, node) {
		pr_warn("WARNING: %s: not given back: what %s gave %s for %pS (allocation %lu)\n", KBUILD_MODNAME,
			loan->giver, loan->shim, (void *)loan->caller, loan->number);
		hash_del(&loan->node);
		kfree(loan);
	}
	if (kx_incomplete)
		pr_warn("WARNING: %s: there was no memory for the ledger\n", KBUILD_MODNAME);
}

static int kx_set_fail_at(const char *val, const struct kernel_param *kp)
{
	unsigned long number, flags;
	int err = val ? kstrtoul(val, 0, &number) : -EINVAL;

	if (err)
		return err;
	raw_spin_lock_irqsave(&kx_faults_lock, flags);
	kx_fail_at = number;
	kx_asked = 0;
	kx_failed = 0;
	kx_planner = current;
	raw_spin_unlock_irqrestore(&kx_faults_lock, flags);
	return 0;
}

static const struct kernel_param_ops kx_fail_at_ops = {
	.set = kx_set_fail_at,
	.get = param_get_ulong,
};

module_param_cb(kx_fail_at, &kx_fail_at_ops, &kx_fail_at, 0644);
MODULE_PARM_DESC(kx_fail_at, "Which allocation is to fail, from 1 on; 0 only counts");
#ifdef CONFIG_FAULT_INJECTION
module_param(kx_fail_nth, uint, 0644);
MODULE_PARM_DESC(kx_fail_nth, "Which allocation of the kernel is to fail, from the first one that is counted on");
#endif
module_param(kx_fail_everywhere, bool, 0644);
MODULE_PARM_DESC(kx_fail_everywhere, "Count the allocations of all threads, works and timers");
module_param(kx_asked, ulong, 0444);
MODULE_PARM_DESC(kx_asked, "How many allocations were counted");
module_param(kx_failed, ulong, 0444);
MODULE_PARM_DESC(kx_failed, "How many of them failed as planned");
module_param(kx_outstanding, ulong, 0444);
MODULE_PARM_DESC(kx_outstanding, "How many things the module has not given back yet");

#endif
