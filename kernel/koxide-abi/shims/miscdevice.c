// SPDX-License-Identifier: GPL-2.0-only
/* Misc character devices. */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "koxide.h"

static_assert(sizeof(struct file_operations) <= KX_FILE_OPERATIONS_ROOM);

struct kx_miscdevice {
	struct miscdevice misc;
	void *registration;
};

#ifdef KX_USE_kx_miscdevice_fill
void kx_miscdevice_fill(void *room, const void *table)
{
	const struct kx_miscdevice_ops *ops = table;
	struct file_operations *fops = room;

	/* The owner keeps the module loaded as long as one of its files is open. */
	fops->owner = THIS_MODULE;
	fops->open = ops->open;
	fops->release = ops->release;
	fops->read_iter = ops->read_iter;
	fops->write_iter = ops->write_iter;
	fops->unlocked_ioctl = ops->ioctl;
#ifdef CONFIG_COMPAT
	if (ops->ioctl)
		fops->compat_ioctl = compat_ptr_ioctl;
#endif
}
#endif

#ifdef KX_USE_kx_miscdevice_alloc
struct kx_miscdevice *kx_miscdevice_alloc(const char *name, const void *fops, void *registration)
{
	struct kx_miscdevice *misc = kzalloc(sizeof(*misc), GFP_KERNEL);

	if (!misc)
		return NULL;
	misc->misc.minor = MISC_DYNAMIC_MINOR;
	misc->misc.name = name;
	misc->misc.fops = fops;
	misc->registration = registration;
	return misc;
}
#endif

#ifdef KX_USE_kx_miscdevice_free
void kx_miscdevice_free(struct kx_miscdevice *misc)
{
	kfree(misc);
}
#endif

#ifdef KX_USE_kx_miscdevice_register
int kx_miscdevice_register(struct kx_miscdevice *misc)
{
	return misc_register(&misc->misc);
}
#endif

#ifdef KX_USE_kx_miscdevice_deregister
void kx_miscdevice_deregister(struct kx_miscdevice *misc)
{
	misc_deregister(&misc->misc);
}
#endif

#ifdef KX_USE_kx_miscdevice_registration
void *kx_miscdevice_registration(struct kx_miscdevice *misc)
{
	/* misc_open leaves the address of the struct miscdevice in private_data: the first member here. */
	static_assert(offsetof(struct kx_miscdevice, misc) == 0);
	return misc->registration;
}
#endif

#ifdef KX_USE_kx_miscdevice_device
struct device *kx_miscdevice_device(struct kx_miscdevice *misc)
{
	return misc->misc.this_device;
}
#endif
