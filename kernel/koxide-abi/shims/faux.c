// SPDX-License-Identifier: GPL-2.0-only
/* Devices without hardware. Kernels before 6.14 have no faux bus: there it is a platform device, with a driver of the module. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
#include <linux/device/faux.h>
#endif

#include "koxide.h"

struct kx_faux {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
	struct faux_device *device;
#else
	struct platform_device *device;
#endif
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
/*
 * The driver of all of the module's devices, which is registered as long as there is one. It stays where it is: a line about
 * a device that is written to the log begins with its driver's name, also while the two are being parted.
 */
static __maybe_unused DEFINE_MUTEX(kx_faux_lock);
static unsigned int __maybe_unused kx_faux_devices;
/* It has no functions: only that it is bound matters. */
static struct platform_driver __maybe_unused kx_faux_driver = {
	.driver = {
		/* No other driver is found by that name. */
		.name = "faux_driver." KBUILD_MODNAME,
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
		/* Nobody unbinds it through sysfs. */
		.suppress_bind_attrs = true,
	},
};

static void __maybe_unused kx_faux_put_driver(void)
{
	mutex_lock(&kx_faux_lock);
	if (!--kx_faux_devices)
		platform_driver_unregister(&kx_faux_driver);
	mutex_unlock(&kx_faux_lock);
}
#endif

#ifdef KX_USE_kx_faux_create
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
struct kx_faux *kx_faux_create(const char *name, struct device *parent)
{
	struct kx_faux *faux = kzalloc(sizeof(*faux), GFP_KERNEL);

	if (!faux)
		return NULL;
	faux->device = faux_device_create(name, parent, NULL);
	if (faux->device)
		return faux;
	kfree(faux);
	return NULL;
}
#else
static int kx_faux_add(struct kx_faux *faux, const char *name, struct device *parent)
{
	struct device *dev = &faux->device->dev;
	int ret = dev_set_name(dev, "%s", name);

	/* As platform_device_add, but that the device has another name than what its driver is found by. */
	dev->bus = &platform_bus_type;
	dev->parent = parent ?: &platform_bus;
	return ret ?: device_add(dev);
}

static int kx_faux_get_driver(void)
{
	int ret = 0;

	mutex_lock(&kx_faux_lock);
	if (!kx_faux_devices)
		ret = platform_driver_register(&kx_faux_driver);
	if (!ret)
		kx_faux_devices++;
	mutex_unlock(&kx_faux_lock);
	return ret;
}

struct kx_faux *kx_faux_create(const char *name, struct device *parent)
{
	struct device *other = bus_find_device_by_name(&platform_bus_type, NULL, name);
	struct kx_faux *faux;

	/* The kernel says that a name is taken with a stack trace. */
	put_device(other);
	if (other)
		return NULL;
	faux = kzalloc(sizeof(*faux), GFP_KERNEL);
	if (!faux)
		return NULL;
	if (kx_faux_get_driver())
		goto free;
	faux->device = platform_device_alloc(kx_faux_driver.driver.name, PLATFORM_DEVID_NONE);
	if (!faux->device)
		goto put_driver;
	if (kx_faux_add(faux, name, parent))
		goto put;
	if (faux->device->dev.driver == &kx_faux_driver.driver)
		return faux;
	device_del(&faux->device->dev);
put:
	platform_device_put(faux->device);
put_driver:
	kx_faux_put_driver();
free:
	kfree(faux);
	return NULL;
}
#endif
#endif

#ifdef KX_USE_kx_faux_destroy
void kx_faux_destroy(struct kx_faux *faux)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
	faux_device_destroy(faux->device);
#else
	device_del(&faux->device->dev);
	platform_device_put(faux->device);
	kx_faux_put_driver();
#endif
	kfree(faux);
}
#endif

#ifdef KX_USE_kx_faux_device
struct device *kx_faux_device(struct kx_faux *faux)
{
	return &faux->device->dev;
}
#endif
