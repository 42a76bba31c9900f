// SPDX-License-Identifier: GPL-2.0-only
/* Misc character devices. */
#include <linux/build_bug.h>
#include <linux/miscdevice.h>
#include <linux/slab.h>

#include "koxide.h"
#include "koxide_field.h"

struct kx_miscdevice {
	struct miscdevice misc;
	void *registration;
};

#ifdef KX_USE_kx_miscdevice_alloc
struct kx_miscdevice *kx_miscdevice_alloc(const char *name, int minor, u16 mode, const void *fops,
					  void *registration)
{
	struct kx_miscdevice *misc = kzalloc(sizeof(*misc), GFP_KERNEL);

	if (!misc)
		return NULL;
	misc->misc.minor = minor < 0 ? MISC_DYNAMIC_MINOR : minor;
	misc->misc.name = name;
	misc->misc.mode = mode;
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
/* misc_open leaves the address of the struct miscdevice in private_data: the first member here. */
static_assert(offsetof(struct kx_miscdevice, misc) == 0);
KX_FIELD(kx_miscdevice_registration, struct kx_miscdevice, registration);
#endif

#ifdef KX_USE_kx_miscdevice_device
KX_FIELD(kx_miscdevice_device, struct kx_miscdevice, misc.this_device);
#endif
