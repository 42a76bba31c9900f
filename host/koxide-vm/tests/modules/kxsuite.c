// SPDX-License-Identifier: GPL-2.0-only
/* Reports tests as KTAP; the third one takes the machine down, or hangs. */
#include <linux/module.h>
#include <linux/sched.h>

static unsigned int kunit_first = 1;
module_param(kunit_first, uint, 0);

static bool hang;
module_param(hang, bool, 0);

static const char *const names[] = { "adds", "splits", "crashes", "ends" };

static int __init kxsuite_init(void)
{
	unsigned int i;

	pr_info("KTAP version 1\n");
	pr_info("1..1\n");
	pr_info("    KTAP version 1\n");
	pr_info("    # Subtest: kxsuite\n");
	pr_info("    1..4\n");
	for (i = kunit_first; i <= 4; i++) {
		pr_info("    # start: %s\n", names[i - 1]);
		if (i == 2) {
			pr_info("    # expected 2, got 3\n");
			pr_info("    not ok 2 splits\n");
			continue;
		}
		while (i == 3 && hang)
			cpu_relax();
		BUG_ON(i == 3);
		pr_info("    ok %u %s\n", i, names[i - 1]);
	}
	pr_info("not ok 1 kxsuite\n");
	return 0;
}

static void __exit kxsuite_exit(void)
{
}

module_init(kxsuite_init);
module_exit(kxsuite_exit);
MODULE_DESCRIPTION("Tests in a kernel module, on purpose not all good");
MODULE_LICENSE("Dual MIT/GPL");
