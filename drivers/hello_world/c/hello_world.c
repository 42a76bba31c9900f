// SPDX-License-Identifier: GPL-2.0-only
/* Greets in the kernel log when it is loaded, and takes leave when it is unloaded. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

static unsigned int repeat = 1;
module_param(repeat, uint, 0);
MODULE_PARM_DESC(repeat, "How often to greet (1 to 100)");

static bool quiet;
module_param(quiet, bool, 0);
MODULE_PARM_DESC(quiet, "Whether not to greet at all");

/* How often it greeted: it says so at the end. */
static unsigned int greeted;

static int __init hello_world_init(void)
{
	if (repeat < 1 || repeat > 100) {
		pr_err("repeat=%u is not from 1 to 100\n", repeat);
		return -EINVAL;
	}
	while (!quiet && greeted < repeat)
		pr_info("Hello, world! (%u of %u)\n", ++greeted, repeat);
	return 0;
}

static void __exit hello_world_exit(void)
{
	pr_info("Goodbye, world! I greeted %u times\n", greeted);
}

module_init(hello_world_init);
module_exit(hello_world_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("Greets and takes leave in the kernel log");
MODULE_LICENSE("GPL");
