// SPDX-License-Identifier: GPL-2.0-only
/* What the log says of panics, how many were contained, and the end of a thread: include/linux/bug.h. */
#include <linux/bug.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/task_stack.h>
#include <linux/thread_info.h>

#include "koxide.h"

#ifdef KX_USE_kx_panic
void kx_panic(void)
{
	BUG();
}
#endif

/* What the log says: Rust code has the values, and does not know the module's name. */
#ifdef KX_USE_kx_text_panicked
const char kx_text_panicked[] = KERN_EMERG KX_MODULE ": panicked%s at %s:%u: %.*s\n";
#endif

#ifdef KX_USE_kx_text_came_first
const char kx_text_came_first[] =
	KERN_EMERG KX_MODULE ": panic%s at %s:%u: %.*s; while it unwound, another one came:\n";
#endif

#ifdef KX_USE_kx_text_contained
const char kx_text_contained[] =
	KERN_ERR KX_MODULE ": panic in %s at %s:%u: %.*s; contained, %s, %s poisoned\n";
#endif

#ifdef KX_USE_kx_text_trace
const char kx_text_trace[] = KERN_ERR KX_MODULE ": panic, called from:\n";
#endif

#ifdef KX_USE_kx_panics
/* How many were contained: /sys/module/NAME/parameters/koxide_panics. */
atomic_t kx_panics = ATOMIC_INIT(0);
module_param_cb(koxide_panics, &param_ops_int, &kx_panics.counter, 0444);
#endif

#if defined(KX_USE_kx_panic_may_trace) || defined(KX_USE_kx_panic_has_stack)
static bool kx_panic_stack_left(size_t bytes)
{
	unsigned long here = (unsigned long)&here;
	unsigned long left = here - (unsigned long)end_of_stack(current);

	/* The stack of interrupts: it has room, unless one has come while the second half of another is on it. */
	if (left > THREAD_SIZE)
		return !(hardirq_count() && in_serving_softirq());
	return left > bytes;
}
#endif

#ifdef KX_USE_kx_panic_has_stack
bool kx_panic_has_stack(size_t bytes)
{
	return kx_panic_stack_left(bytes);
}
#endif

/* How many panics a minute have their calls in the log; tests that look for what is not given back want to know of each. */
#ifdef KX_FAULT
#define KX_PANIC_TRACES 1000
#else
#define KX_PANIC_TRACES 5
#endif

#ifdef KX_USE_kx_panic_may_trace
/* What writing to the log may take of it, a console included. */
#define KX_PANIC_STACK 3072

bool kx_panic_may_trace(void)
{
	static DEFINE_RATELIMIT_STATE(limit, 60 * HZ, KX_PANIC_TRACES);

	return kx_panic_stack_left(KX_PANIC_STACK) && ___ratelimit(&limit, KX_MODULE);
}
#endif
