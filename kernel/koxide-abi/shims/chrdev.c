// SPDX-License-Identifier: GPL-2.0-only
/* Character devices and their classes. */
#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "koxide.h"
#include "koxide_field.h"
#include "koxide_retire.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define KX_CONST_SINCE_6_2 const
#else
#define KX_CONST_SINCE_6_2
#endif

static_assert(CHRDEV_MAJOR_MAX == KX_CHRDEV_MAJOR_MAX);

/*
 * The kernel's own objects, the cdev and the device, may outlive the module, for somebody may have a reference to them.
 * So they are allocated and released by the kernel's own functions, and this has nothing that they need.
 */
struct kx_chrdev {
	struct kx_chrdev *next;
	atomic_t users;
	umode_t mode;
	const struct file_operations *fops;
	struct cdev *cdev;
	struct device *device;
	void *data;
};

/*
 * Those that are registered. A cdev can be opened until the last file that is open is closed, also when it was deleted
 * long ago: an open looks for its device here, and finds none.
 */
static __maybe_unused struct kx_chrdev *kx_chrdevs;
static __maybe_unused DEFINE_MUTEX(kx_chrdevs_lock);

/*
 * All of a module's memory is from one function of the kernel's, that which Rust uses: it is not told that the size is known.
 * A macro, so that a fault plan names the shim, and who called that.
 */
#define kx_chrdev_zalloc(size)			\
	({					\
		size_t kx_size = (size);	\
						\
		OPTIMIZER_HIDE_VAR(kx_size);	\
		kzalloc(kx_size, GFP_KERNEL);	\
	})

#ifdef KX_USE_kx_chrdev_region_alloc
__cold int kx_chrdev_region_alloc(u32 first, u32 count, const char *name)
{
	dev_t dev;
	int err;

	err = alloc_chrdev_region(&dev, first, count, name);
	return err ?: MAJOR(dev);
}
#endif

#ifdef KX_USE_kx_chrdev_region_register
__cold int kx_chrdev_region_register(u32 major, u32 first, u32 count, const char *name)
{
	return register_chrdev_region(MKDEV(major, first), count, name);
}
#endif

#ifdef KX_USE_kx_chrdev_region_unregister
__cold void kx_chrdev_region_unregister(u32 major, u32 first, u32 count)
{
	unregister_chrdev_region(MKDEV(major, first), count);
}
#endif

#ifdef KX_USE_kx_class_create
/* All devices of the class are made by kx_chrdev_register. */
static char *kx_class_devnode(KX_CONST_SINCE_6_2 struct device *dev, umode_t *mode)
{
	const struct kx_chrdev *chrdev = dev_get_drvdata(dev);

	/* Nobody asks for the mode when the node is removed. */
	if (mode && chrdev->mode)
		*mode = chrdev->mode;
	return NULL;
}

/*
 * Devices refer to their class for as long as anybody refers to them, also when both were unregistered: the log's lines
 * about a device begin with its class. So a class is freed when none of the module's code runs any more.
 */
struct kx_class {
	struct kx_retired retired;
	struct class class;
};

__cold int kx_class_create(struct class **out, const char *name)
{
	struct kx_class *class = kx_chrdev_zalloc(sizeof(*class));
	int err;

	if (!class)
		return -ENOMEM;
	class->class.name = name;
	class->class.devnode = kx_class_devnode;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	class->class.owner = THIS_MODULE;
#endif
	err = class_register(&class->class);
	if (err) {
		kfree(class);
		return err;
	}
	*out = &class->class;
	return 0;
}
#endif

#ifdef KX_USE_kx_class_destroy
__cold void kx_class_destroy(struct class *class)
{
	class_unregister(class);
	kx_retire(&container_of(class, struct kx_class, class)->retired);
}
#endif

#ifdef KX_USE_kx_chrdev_alloc
__cold struct kx_chrdev *kx_chrdev_alloc(const void *fops, u16 mode, void *data)
{
	struct kx_chrdev *chrdev = kx_chrdev_zalloc(sizeof(*chrdev));

	if (!chrdev)
		return NULL;
	atomic_set(&chrdev->users, 1);
	chrdev->mode = mode;
	chrdev->fops = fops;
	chrdev->data = data;
	return chrdev;
}
#endif

#ifdef KX_USE_kx_chrdev_register
static __cold int kx_chrdev_add(struct kx_chrdev *chrdev, struct class *class, dev_t dev, const char *name)
{
	struct kx_chrdev *other;
	int err;

	/* The kernel would take a number twice. */
	for (other = kx_chrdevs; other; other = other->next)
		if (other->cdev->dev == dev)
			return -EBUSY;
	chrdev->cdev = cdev_alloc();
	if (!chrdev->cdev)
		return -ENOMEM;
	chrdev->cdev->owner = THIS_MODULE;
	chrdev->cdev->ops = chrdev->fops;
	err = cdev_add(chrdev->cdev, dev, 1);
	if (err)
		goto del;
	chrdev->device = device_create(class, NULL, dev, chrdev, "%s", name);
	if (IS_ERR(chrdev->device)) {
		err = PTR_ERR(chrdev->device);
		chrdev->device = NULL;
		goto del;
	}
	get_device(chrdev->device);
	chrdev->next = kx_chrdevs;
	kx_chrdevs = chrdev;
	return 0;

del:
	/* Of one that was not added this gives back the memory: nobody else has the number. */
	cdev_del(chrdev->cdev);
	return err;
}

__cold int kx_chrdev_register(struct kx_chrdev *chrdev, struct class *class, u32 major, u32 minor, const char *name)
{
	int err;

	/* Who sees the node and opens it at once waits in kx_chrdev_open until the device is complete. */
	mutex_lock(&kx_chrdevs_lock);
	err = kx_chrdev_add(chrdev, class, MKDEV(major, minor), name);
	mutex_unlock(&kx_chrdevs_lock);
	return err;
}
#endif

#ifdef KX_USE_kx_chrdev_unregister
__cold void kx_chrdev_unregister(struct kx_chrdev *chrdev)
{
	struct kx_chrdev **at = &kx_chrdevs;

	/* First, as long as the number is taken; and without the lock, because it waits for who uses what is below the device. */
	device_unregister(chrdev->device);
	/* Both at once: the kernel takes cdevs back by their numbers, and must not take one that has just got this number. */
	mutex_lock(&kx_chrdevs_lock);
	while (*at != chrdev)
		at = &(*at)->next;
	*at = chrdev->next;
	cdev_del(chrdev->cdev);
	mutex_unlock(&kx_chrdevs_lock);
}
#endif

#ifdef KX_USE_kx_chrdev_open
struct kx_chrdev *kx_chrdev_open(struct inode *inode)
{
	struct kx_chrdev *chrdev;

	mutex_lock(&kx_chrdevs_lock);
	for (chrdev = kx_chrdevs; chrdev; chrdev = chrdev->next) {
		if (chrdev->cdev == inode->i_cdev) {
			/* There are fewer threads than this can count. */
			atomic_inc(&chrdev->users);
			break;
		}
	}
	mutex_unlock(&kx_chrdevs_lock);
	return chrdev;
}
#endif

#ifdef KX_USE_kx_chrdev_put
int kx_chrdev_put(struct kx_chrdev *chrdev)
{
	return atomic_dec_and_test(&chrdev->users);
}
#endif

#ifdef KX_USE_kx_chrdev_free
__cold void kx_chrdev_free(struct kx_chrdev *chrdev)
{
	put_device(chrdev->device);
	kfree(chrdev);
}
#endif

#ifdef KX_USE_kx_chrdev_data
KX_FIELD(kx_chrdev_data, struct kx_chrdev, data);
#endif

#ifdef KX_USE_kx_chrdev_device
KX_FIELD(kx_chrdev_device, struct kx_chrdev, device);
#endif
