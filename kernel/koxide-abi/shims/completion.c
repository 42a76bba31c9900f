// SPDX-License-Identifier: GPL-2.0-only
/* Completions. */
#include <linux/build_bug.h>
#include <linux/completion.h>
#include <linux/spinlock.h>

#include "koxide.h"

static_assert(sizeof(struct completion) <= KX_COMPLETION_ROOM,
	      "this kernel's completions are larger than the object reserves: it has lock debugging built in");
static_assert(__alignof__(struct completion) <= 8);

#ifdef KX_USE_kx_init_completion
void kx_init_completion(void *completion)
{
	init_completion((struct completion *)completion);
}
#endif

#ifdef KX_USE_kx_complete
void kx_complete(void *completion)
{
	complete(completion);
}
#endif

#ifdef KX_USE_kx_complete_all
void kx_complete_all(void *completion)
{
	complete_all(completion);
}
#endif

#ifdef KX_USE_kx_reinit_completion
void kx_reinit_completion(void *completion)
{
	struct completion *x = completion;
	unsigned long flags;

	/* The lock keeps who counts down at this moment from going below 0, which would be done for good. */
	raw_spin_lock_irqsave(&x->wait.lock, flags);
	reinit_completion(x);
	raw_spin_unlock_irqrestore(&x->wait.lock, flags);
}
#endif

#ifdef KX_USE_kx_wait_for_completion
void kx_wait_for_completion(void *completion)
{
	wait_for_completion(completion);
}
#endif

#ifdef KX_USE_kx_wait_for_completion_interruptible
int kx_wait_for_completion_interruptible(void *completion)
{
	return wait_for_completion_interruptible(completion);
}
#endif

#ifdef KX_USE_kx_wait_for_completion_timeout
unsigned long kx_wait_for_completion_timeout(void *completion, unsigned long jiffies)
{
	return wait_for_completion_timeout(completion, jiffies);
}
#endif

#ifdef KX_USE_kx_wait_for_completion_interruptible_timeout
long kx_wait_for_completion_interruptible_timeout(void *completion, unsigned long jiffies)
{
	return wait_for_completion_interruptible_timeout(completion, jiffies);
}
#endif

#ifdef KX_USE_kx_try_wait_for_completion
int kx_try_wait_for_completion(void *completion)
{
	return try_wait_for_completion(completion);
}
#endif

#ifdef KX_USE_kx_completion_done
int kx_completion_done(void *completion)
{
	return completion_done(completion);
}
#endif
