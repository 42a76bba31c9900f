// SPDX-License-Identifier: GPL-2.0-only
/* Devices of the driver core. */
#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/kernel.h>

#include "koxide.h"
#include "koxide_field.h"

/* get_device and put_device are exported to GPL modules only. */

#ifdef KX_USE_kx_get_device
void kx_get_device(struct device *dev)
{
	get_device(dev);
}
#endif

#ifdef KX_USE_kx_put_device
void kx_put_device(struct device *dev)
{
	put_device(dev);
}
#endif

#ifdef KX_USE_kx_dev_name
const char *kx_dev_name(const struct device *dev)
{
	return dev_name(dev);
}
#endif

#ifdef KX_USE_kx_dev_printk
KX_VARIADIC(kx_dev_printk, _dev_printk);
#endif

#ifdef KX_USE_kx_dev_print
void kx_dev_print(u32 level, const struct device *dev, const u8 *text, size_t len)
{
	static const char levels[][3] = {
		KERN_EMERG, KERN_ALERT, KERN_CRIT, KERN_ERR, KERN_WARNING, KERN_NOTICE, KERN_INFO, KERN_DEBUG,
	};
	const char *head = levels[min_t(u32, level, ARRAY_SIZE(levels) - 1)];

	/* vsnprintf warns of a precision with more bits; the log has room for less anyway. */
	_dev_printk(head, dev, "%.*s", (int)min_t(size_t, len, SHRT_MAX), (const char *)text);
}
#endif
