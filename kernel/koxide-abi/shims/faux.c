// SPDX-License-Identifier: GPL-2.0-only
/* Devices without hardware. Kernels before 6.14 have no faux bus: there it is a platform device with a driver of its own. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/module.h>
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
	/* It has no functions: only that it is bound matters. */
	struct platform_driver driver;
#endif
};

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

struct kx_faux *kx_faux_create(const char *name, struct device *parent)
{
	struct kx_faux *faux = kzalloc(sizeof(*faux), GFP_KERNEL);
	struct device_driver *driver;

	if (!faux)
		return NULL;
	driver = &faux->driver.driver;
	/* No other driver is found by that name. */
	driver->name = kasprintf(GFP_KERNEL, "faux_driver.%s", name);
	driver->probe_type = PROBE_FORCE_SYNCHRONOUS;
	/* Nobody unbinds it through sysfs. */
	driver->suppress_bind_attrs = true;
	if (!driver->name || platform_driver_register(&faux->driver))
		goto free;
	faux->device = platform_device_alloc(driver->name, PLATFORM_DEVID_NONE);
	if (!faux->device)
		goto unregister;
	if (kx_faux_add(faux, name, parent))
		goto put;
	if (faux->device->dev.driver == driver)
		return faux;
	device_del(&faux->device->dev);
put:
	platform_device_put(faux->device);
unregister:
	platform_driver_unregister(&faux->driver);
free:
	kfree(driver->name);
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
	platform_driver_unregister(&faux->driver);
	kfree(faux->driver.driver.name);
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
