// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts of this CPU. */
#include <linux/irqflags.h>
#include <linux/kconfig.h>
#include <linux/limits.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "koxide.h"

#if defined(KX_USE_kx_local_interrupt_disable) || defined(KX_USE_kx_local_interrupt_enable) || \
	defined(KX_USE_kx_spin_lock_irq_disable) || defined(KX_USE_kx_spin_trylock_irq_disable) || \
	defined(KX_USE_kx_spin_unlock_irq_enable)
/* Flags that each lock saves would let interrupts come too early when what was locked first is unlocked first. */
struct kx_interrupts {
	unsigned int disabled;
	unsigned long flags;
};

static DEFINE_PER_CPU(struct kx_interrupts, kx_interrupts);

static inline void kx_interrupts_off(void)
{
	struct kx_interrupts *interrupts;
	unsigned long flags;

	local_irq_save(flags);
	interrupts = this_cpu_ptr(&kx_interrupts);
	/* Interrupts came: what is counted here is of a thread that has slept since, or forgot what it had. */
	if (!irqs_disabled_flags(flags))
		interrupts->disabled = 0;
	if (interrupts->disabled++ == 0)
		interrupts->flags = flags;
}

static inline void kx_interrupts_on(void)
{
	struct kx_interrupts *interrupts;

	/* A thread that sleeps gets interrupts, and maybe another CPU, whose count is not its own. */
	if (!irqs_disabled()) {
		pr_err_once(KBUILD_MODNAME ": a thread slept while it kept interrupts away\n");
		return;
	}
	interrupts = this_cpu_ptr(&kx_interrupts);
	if (interrupts->disabled && --interrupts->disabled == 0)
		local_irq_restore(interrupts->flags);
}
#endif

#ifdef KX_USE_kx_preempt_rt
int kx_preempt_rt(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT);
}
#endif

#ifdef KX_USE_kx_nesting
u64 kx_nesting(void)
{
	u64 critical = rcu_preempt_depth() & INT_MAX;

	return (u64)irqs_disabled() << 63 | critical << 32 | (u32)preempt_count();
}
#endif

#ifdef KX_USE_kx_local_interrupt_disable
void kx_local_interrupt_disable(void)
{
	kx_interrupts_off();
}
#endif

#ifdef KX_USE_kx_local_interrupt_enable
void kx_local_interrupt_enable(void)
{
	kx_interrupts_on();
}
#endif
