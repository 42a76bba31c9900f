// SPDX-License-Identifier: GPL-2.0-only
/* Goes wrong in its init in the way that the parameter `how` names. */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/string.h>

static char *how = "";
module_param(how, charp, 0);

static int __init kxfault_init(void)
{
	if (!strcmp(how, "errno"))
		return -ENOMEM;
	if (!strcmp(how, "warn"))
		WARN(1, "a warning on purpose\n");
	if (!strcmp(how, "panic"))
		panic("on purpose");
	if (!strcmp(how, "oops"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "rust")) {
		pr_emerg("%s: panicked at src/lib.rs:12: index out of bounds\n", KBUILD_MODNAME);
		BUG();
	}
	while (!strcmp(how, "spin"))
		cpu_relax();
	if (!strcmp(how, "spin-irq-off"))
		local_irq_disable();
	while (!strcmp(how, "spin-irq-off"))
		cpu_relax();
	while (!strcmp(how, "sleep")) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule();
	}
	return 0;
}

static void __exit kxfault_exit(void)
{
}

module_init(kxfault_init);
module_exit(kxfault_exit);
MODULE_DESCRIPTION("Goes wrong on purpose");
MODULE_LICENSE("Dual MIT/GPL");
