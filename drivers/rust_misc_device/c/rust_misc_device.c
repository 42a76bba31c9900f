// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/rust-misc-device: a misc device with reads, writes and ioctls.
 *
 * Each open file has a value, which ioctls set and get, and a buffer, which writes replace and
 * reads return.
 *
 * This is what the driver in ../src is measured against.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#define HELLO		_IO('|', 0x80)
#define GET_VALUE	_IOR('|', 0x81, int)
#define SET_VALUE	_IOW('|', 0x82, int)

/* An open file. */
struct opened {
	struct mutex lock;	/* of the buffer and its length */
	void *buffer;
	size_t len;
	int value;
};

static struct miscdevice misc;

static int opened_open(struct inode *inode, struct file *file)
{
	struct opened *opened;

	dev_info(misc.this_device, "opened by uid %u\n",
		 from_kuid(current_user_ns(), file->f_cred->euid));
	opened = kzalloc(sizeof(*opened), GFP_KERNEL);
	if (!opened)
		return -ENOMEM;
	mutex_init(&opened->lock);
	file->private_data = opened;
	return 0;
}

static int opened_release(struct inode *inode, struct file *file)
{
	struct opened *opened = file->private_data;

	dev_info(misc.this_device, "closed\n");
	kvfree(opened->buffer);
	kfree(opened);
	return 0;
}

static ssize_t opened_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct opened *opened = iocb->ki_filp->private_data;
	size_t left = 0, copied = 0;

	mutex_lock(&opened->lock);
	if (iocb->ki_pos < opened->len) {
		left = opened->len - iocb->ki_pos;
		copied = copy_to_iter(opened->buffer + iocb->ki_pos, left, to);
	}
	mutex_unlock(&opened->lock);
	if (!copied && left && iov_iter_count(to))
		return -EFAULT;
	iocb->ki_pos += copied;
	dev_info(misc.this_device, "read %zu bytes\n", copied);
	return copied;
}

static ssize_t opened_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct opened *opened = iocb->ki_filp->private_data;
	size_t len = iov_iter_count(from);
	size_t copied;
	void *buffer;

	if (len > SZ_1M)
		return -EFBIG;
	buffer = kvmalloc(len, GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	copied = copy_from_iter(buffer, len, from);
	if (!copied && len) {
		kvfree(buffer);
		return -EFAULT;
	}
	mutex_lock(&opened->lock);
	swap(opened->buffer, buffer);
	opened->len = copied;
	mutex_unlock(&opened->lock);
	kvfree(buffer);
	/* The next read starts at the beginning of what was just written. */
	iocb->ki_pos = 0;
	dev_info(misc.this_device, "wrote %zu bytes\n", copied);
	return copied;
}

static long opened_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct opened *opened = file->private_data;
	int value;

	switch (cmd) {
	case HELLO:
		dev_info(misc.this_device, "hello from the misc device\n");
		return 100;
	case GET_VALUE:
		value = READ_ONCE(opened->value);
		if (put_user(value, (int __user *)arg))
			return -EFAULT;
		dev_info(misc.this_device, "the value %d was read\n", value);
		return 0;
	case SET_VALUE:
		if (get_user(value, (int __user *)arg))
			return -EFAULT;
		WRITE_ONCE(opened->value, value);
		dev_info(misc.this_device, "the value is %d now\n", value);
		return 0;
	default:
		dev_err(misc.this_device, "ioctl %#x is not known\n", cmd);
		return -ENOTTY;
	}
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = opened_open,
	.release = opened_release,
	.read_iter = opened_read_iter,
	.write_iter = opened_write_iter,
	.unlocked_ioctl = opened_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rust-misc-device",
	.fops = &fops,
};

static int __init misc_init(void)
{
	pr_info("the module is loaded\n");
	return misc_register(&misc);
}
module_init(misc_init);

static void __exit misc_exit(void)
{
	misc_deregister(&misc);
}
module_exit(misc_exit);

MODULE_AUTHOR("The Koxide authors");
MODULE_DESCRIPTION("A misc device with reads, writes and ioctls");
MODULE_LICENSE("GPL");
