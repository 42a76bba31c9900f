// SPDX-License-Identifier: GPL-2.0-only
/* /proc/sys/rust/example/test: a number that starts at 1. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sysctl.h>
#include <linux/version.h>

static int test = 1;

static struct ctl_table example_table[] = {
	{
		.procname	= "test",
		.data		= &test,
		.maxlen		= sizeof(test),
		.mode		= 0644,
		.proc_handler	= proc_dointvec,
	},
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	{ }
#endif
};

static struct ctl_table_header *header;

static int __init simple_sysctl_init(void)
{
	header = register_sysctl("rust/example", example_table);
	return header ? 0 : -ENOMEM;
}

static void __exit simple_sysctl_exit(void)
{
	unregister_sysctl_table(header);
	pr_info("test was %d at the end\n", test);
}

module_init(simple_sysctl_init);
module_exit(simple_sysctl_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("A setting in /proc/sys");
MODULE_LICENSE("GPL");
