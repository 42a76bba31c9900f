// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/yes: endless lines of "y", as yes(1) writes them.
 *
 * This is what the driver in ../src is measured against.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define CONST_SINCE_6_2 const
#else
#define CONST_SINCE_6_2
#endif

/* How much is said at once. */
#define SAID 4096

/* One line more than that: an odd position starts within one. */
static const char lines[SAID / 2 + 1][2] = { [0 ... SAID / 2] = "y\n" };

static int yes_major __ro_after_init;
static struct class *yes_class __ro_after_init;

static ssize_t yes_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t done = 0;

	if (!iov_iter_count(to))
		return 0;
	for (;;) {
		size_t copied = copy_to_iter(lines[0] + (iocb->ki_pos & 1), SAID, to);

		iocb->ki_pos += copied;
		done += copied;
		/* A read may be as large as 2 GB. */
		if (!iov_iter_count(to) || copied < SAID || signal_pending(current))
			return done ?: -EFAULT;
		cond_resched();
	}
}

static const struct file_operations yes_fops = {
	.owner = THIS_MODULE,
	.read_iter = yes_read_iter,
};

static char *yes_devnode(CONST_SINCE_6_2 struct device *dev, umode_t *mode)
{
	if (mode)
		*mode = 0444;
	return NULL;
}

static int __init yes_init(void)
{
	struct device *dev;
	int err;

	/* One number, where register_chrdev() takes 256. */
	yes_major = __register_chrdev(0, 0, 1, "yes", &yes_fops);
	if (yes_major < 0)
		return yes_major;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	yes_class = class_create("yes");
#else
	yes_class = class_create(THIS_MODULE, "yes");
#endif
	if (IS_ERR(yes_class)) {
		err = PTR_ERR(yes_class);
		goto unregister;
	}
	yes_class->devnode = yes_devnode;

	dev = device_create(yes_class, NULL, MKDEV(yes_major, 0), NULL, "yes");
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto destroy;
	}
	return 0;

destroy:
	class_destroy(yes_class);
unregister:
	__unregister_chrdev(yes_major, 0, 1, "yes");
	return err;
}
module_init(yes_init);

static void __exit yes_exit(void)
{
	device_destroy(yes_class, MKDEV(yes_major, 0));
	class_destroy(yes_class);
	__unregister_chrdev(yes_major, 0, 1, "yes");
}
module_exit(yes_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("A character device that says yes for ever");
MODULE_LICENSE("GPL");
