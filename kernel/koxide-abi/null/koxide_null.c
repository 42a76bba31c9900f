// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices and a setting that do nothing: what a system call costs before a driver does anything, and after it.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sysctl.h>
#include <linux/uio.h>
#include <linux/version.h>

static int null_open(struct inode *inode, struct file *file)
{
	return 0;
}

static ssize_t null_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return iov_iter_count(iter);
}

static long null_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return 0;
}

static const struct file_operations null_fops = {
	.owner		= THIS_MODULE,
	.open		= null_open,
	.release	= null_open,
	.read_iter	= null_iter,
	.write_iter	= null_iter,
	.unlocked_ioctl	= null_ioctl,
};

static struct miscdevice null_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "koxide-null",
	.fops	= &null_fops,
};

static dev_t null_dev;
static struct cdev null_cdev;
static struct class *null_class;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
static int null_handler(const struct ctl_table *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
#else
static int null_handler(struct ctl_table *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
#endif
{
	return 0;
}

static struct ctl_table null_table[] = {
	{
		.procname	= "test",
		.mode		= 0644,
		.proc_handler	= null_handler,
	},
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
	{ }
#endif
};

static struct ctl_table_header *null_header;

static int __init null_chrdev_init(void)
{
	struct device *device;
	int err;

	err = alloc_chrdev_region(&null_dev, 0, 1, "koxide-null");
	if (err)
		return err;
	cdev_init(&null_cdev, &null_fops);
	err = cdev_add(&null_cdev, null_dev, 1);
	if (err)
		goto err_region;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	null_class = class_create("koxide-null");
#else
	null_class = class_create(THIS_MODULE, "koxide-null");
#endif
	if (IS_ERR(null_class)) {
		err = PTR_ERR(null_class);
		goto err_cdev;
	}
	device = device_create(null_class, NULL, null_dev, NULL, "koxide-null-chrdev");
	if (IS_ERR(device)) {
		err = PTR_ERR(device);
		goto err_class;
	}
	return 0;

err_class:
	class_destroy(null_class);
err_cdev:
	cdev_del(&null_cdev);
err_region:
	unregister_chrdev_region(null_dev, 1);
	return err;
}

static void null_chrdev_exit(void)
{
	device_destroy(null_class, null_dev);
	class_destroy(null_class);
	cdev_del(&null_cdev);
	unregister_chrdev_region(null_dev, 1);
}

static int __init null_init(void)
{
	int err;

	null_header = register_sysctl("koxide_null", null_table);
	if (!null_header)
		return -ENOMEM;
	err = misc_register(&null_misc);
	if (err)
		goto err_sysctl;
	err = null_chrdev_init();
	if (err)
		goto err_misc;
	return 0;

err_misc:
	misc_deregister(&null_misc);
err_sysctl:
	unregister_sysctl_table(null_header);
	return err;
}

static void __exit null_exit(void)
{
	null_chrdev_exit();
	misc_deregister(&null_misc);
	unregister_sysctl_table(null_header);
}

module_init(null_init);
module_exit(null_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("Devices and a setting that do nothing");
MODULE_LICENSE("GPL");
