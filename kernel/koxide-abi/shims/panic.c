// SPDX-License-Identifier: GPL-2.0-only
/* The end of a code path that must not go on. */
#include <linux/bug.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/task_stack.h>

#include "koxide.h"

#ifdef KX_USE_kx_panic
void kx_panic(const u8 *file, size_t file_len, u32 line, const u8 *text, size_t len)
{
	/* vsnprintf warns of a precision with more bits; the log has room for less anyway. */
	printk(KERN_EMERG KX_MODULE ": panicked at %.*s:%u: %.*s\n",
	       (int)min_t(size_t, file_len, SHRT_MAX), (const char *)file, line,
	       (int)min_t(size_t, len, SHRT_MAX), (const char *)text);
	BUG();
}
#endif

#ifdef KX_USE_kx_panic_trace
/* What writing to the log may take of it, a console included. */
#define KX_PANIC_STACK 3072

/* On the stack of interrupts there is no other caller's. */
static bool kx_panic_has_stack(void)
{
	unsigned long here = (unsigned long)&here;

	return !object_is_on_stack(&here) ||
	       here - (unsigned long)end_of_stack(current) > KX_PANIC_STACK;
}

void kx_panic_trace(const size_t *calls, size_t len)
{
	static DEFINE_RATELIMIT_STATE(limit, 60 * HZ, 5);
	size_t at;

	if (!__ratelimit(&limit) || !kx_panic_has_stack())
		return;
	printk(KERN_ERR KX_MODULE ": panic, called from:\n");
	for (at = 0; at < len; at++)
		/* The call itself: behind one that never returns another function may begin. */
		printk(KERN_ERR "  %pS\n", (void *)(calls[at] - 1));
}
#endif

#ifdef KX_USE_kx_panic_was_first
void kx_panic_was_first(const char *file, u32 line, const u8 *text, size_t len)
{
	printk(KERN_EMERG KX_MODULE ": panic at %s:%u: %.*s; while it unwound, another one came:\n",
	       file, line, (int)min_t(size_t, len, SHRT_MAX), (const char *)text);
}
#endif

#ifdef KX_USE_kx_panic_contained
/* How many there were: /sys/module/NAME/parameters/koxide_panics, which nobody writes to. */
static atomic_t kx_panics = ATOMIC_INIT(0);

static int kx_panics_get(char *page, const struct kernel_param *param)
{
	return scnprintf(page, PAGE_SIZE, "%d\n", atomic_read(&kx_panics));
}

static int kx_panics_set(const char *text, const struct kernel_param *param)
{
	return -EPERM;
}

static const struct kernel_param_ops kx_panics_ops = {
	.get = kx_panics_get,
	.set = kx_panics_set,
};
module_param_cb(koxide_panics, &kx_panics_ops, NULL, 0444);

void kx_panic_contained(const char *file, u32 line, const u8 *text, size_t len,
			const char *callback, const char *answer, const char *poisoned)
{
	atomic_inc(&kx_panics);
	printk(KERN_ERR KX_MODULE ": panic in %s at %s:%u: %.*s; contained, %s, %s poisoned\n",
	       callback, file, line,
	       (int)min_t(size_t, len, SHRT_MAX), (const char *)text, answer, poisoned);
}
#endif

#ifdef KX_USE_kx_file_rdev
u32 kx_file_rdev(struct file *file)
{
	return file_inode(file)->i_rdev;
}
#endif
