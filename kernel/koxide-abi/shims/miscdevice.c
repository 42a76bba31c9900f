// SPDX-License-Identifier: GPL-2.0-only
/* Misc character devices. */
#include <linux/build_bug.h>
#include <linux/miscdevice.h>

#include "koxide.h"
#include "koxide_field.h"

static_assert(sizeof(struct miscdevice) <= KX_MISC_DEVICE_ROOM);
static_assert(MISC_DYNAMIC_MINOR == KX_MISC_DYNAMIC_MINOR);

#ifdef KX_USE_kx_misc_register
__cold int kx_misc_register(void *misc_device, const char *name, int minor, u16 mode, const void *fops)
{
	struct miscdevice *misc = misc_device;

	*misc = (struct miscdevice){
		.minor = minor,
		.name = name,
		.mode = mode,
		.fops = fops,
	};
	return misc_register(misc);
}
#endif

#ifdef KX_USE_kx_misc_deregister
void kx_misc_deregister(void *misc_device)
{
	misc_deregister(misc_device);
}
#endif

#ifdef KX_USE_kx_misc_device
KX_FIELD(kx_misc_device, struct miscdevice, this_device);
#endif
